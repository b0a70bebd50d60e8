/// A set that keeps what was put into it last.
struct RecentSet<Element: Hashable> {
    private let capacity: Int
    private var elements: Set<Element> = []
    /// The same in the order they came; once full, a ring that begins at `oldest`.
    private var order: [Element] = []
    private var oldest = 0

    init(capacity: Int) {
        self.capacity = capacity
    }

    func contains(_ element: Element) -> Bool { elements.contains(element) }

    /// Puts an element in, and lets the oldest go where there are too many.
    mutating func insert(_ element: Element) {
        guard elements.insert(element).inserted else { return }
        if order.count < capacity {
            order.append(element)
        } else {
            elements.remove(order[oldest])
            order[oldest] = element
            oldest = (oldest + 1) % capacity
        }
    }
}
