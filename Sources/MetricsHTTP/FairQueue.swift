/// A queue of bounded length in which clients take turns, however much one of them asks for.
struct FairQueue<Client: Hashable, Element> {
    /// What became of an element.
    enum Outcome {
        case queued
        /// It is queued in the place of this one, the last of the client with the most.
        case queuedInPlaceOf(Element)
        /// The client has too many in the queue.
        case tooManyOfTheClient
        /// There are too many in the queue, and nobody has more than the client would have.
        case tooMany
    }

    private let capacity: Int
    private let capacityPerClient: Int
    private var waiting: [Client: [Element]] = [:]
    /// The clients with something in the queue, in the order of their turns.
    private var turns: [Client] = []
    private(set) var count = 0

    init(capacity: Int, capacityPerClient: Int) {
        self.capacity = capacity
        self.capacityPerClient = capacityPerClient
    }

    /// Queues an element behind those of the same client, if there is room, or if another client can make room.
    mutating func append(_ element: Element, of client: Client) -> Outcome {
        let own = waiting[client]?.count ?? 0
        guard own < capacityPerClient else { return .tooManyOfTheClient }
        var outcome = Outcome.queued
        if count == capacity {
            guard let most = waiting.max(by: { $0.value.count < $1.value.count }), most.value.count > own + 1,
                let displaced = waiting[most.key]?.popLast()
            else { return .tooMany }
            outcome = .queuedInPlaceOf(displaced)
            count -= 1
        }
        if own == 0 { turns.append(client) }
        waiting[client, default: []].append(element)
        count += 1
        return outcome
    }

    /// Takes the first element of the client whose turn it is.
    mutating func popFirst() -> Element? {
        guard let client = turns.first, let element = waiting[client]?.removeFirst() else { return nil }
        turns.removeFirst()
        count -= 1
        if waiting[client]?.isEmpty == true {
            waiting[client] = nil
        } else {
            turns.append(client)
        }
        return element
    }
}
