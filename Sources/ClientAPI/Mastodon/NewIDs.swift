import Feed
import Primitives
import Synchronization

/// Numbers for what a reader makes for themselves: by time, each once.
final class NewIDs: Sendable {
    private let last = Mutex<Int64>(0)

    func next() -> Int64 {
        let now = SortID.first(at: Clock.wall)
        return last.withLock { last in
            last = max(now, last + 1)
            return last
        }
    }
}
