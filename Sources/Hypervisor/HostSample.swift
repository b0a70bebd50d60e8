/// What one collection found of the host.
package struct HostSample: Hashable, Sendable {
    /// Its memory.
    package let memory: HostMemory
    /// Its pools of huge pages.
    package let pages: [HostPagePool]

    /// What was found.
    package init(memory: HostMemory, pages: [HostPagePool]) {
        self.memory = memory
        self.pages = pages
    }
}
