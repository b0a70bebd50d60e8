/// Why a domain's memory statistics are what they are: fresh, or missing for a reason.
package enum StatisticsStatus: String, CaseIterable, Sendable {
    /// The figures are fresh.
    case ok
    /// The guest's driver stopped answering.
    case stale
    /// The domain has no balloon device.
    case noDevice = "no_device"
    /// The guest has no driver for it.
    case noDriver = "no_driver"
    /// The driver answers, but without figures.
    case noValues = "no_values"
    /// Nobody asks the driver; its figures are those of the moment when it started.
    case noPeriod = "no_period"
    /// The guest is paused, and so is its driver.
    case paused
    /// Another client's job, or one of the hypervisor's own, holds the domain.
    case busy
    /// The hypervisor does not answer about the domain: its monitor, or libvirt at work on it.
    case unresponsive
    /// The hypervisor's libvirt driver has no statistics of guests.
    case unsupported
}
