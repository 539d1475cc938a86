import Mesh
import Primitives

struct Liar {
    var nextDeadline: Instant? { nil }
    mutating func start(at now: Instant) {}
    mutating func handle(_ event: Event, at now: Instant, into out: inout [Effect]) {}
}
