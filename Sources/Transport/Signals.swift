import CLinux
import Synchronization

/// The signals that a node answers.
package enum Signal: Sendable, CaseIterable {
    /// Ctrl-C.
    case interrupt
    /// What `kill` and a service manager send.
    case terminate
    /// The terminal went away, or: read the settings again.
    case hangUp

    var number: Int32 {
        switch self {
        case .interrupt: SIGINT
        case .terminate: SIGTERM
        case .hangUp: SIGHUP
        }
    }
}

/// The pipe's writing end; -1 while nobody watches. A signal handler may do no more than read this
/// and write a byte.
private let handlerPipe = Atomic<Int32>(-1)

private func handle(_ number: Int32) {
    starling_note_signal(handlerPipe.load(ordering: .relaxed), number)
}

/// Reads signals out of the pipe that the handler fills, whichever thread the kernel chose to
/// interrupt.
private final class SignalSource: EventSource {
    let signals: [Signal]
    let deliver: (Signal) -> Void
    let reader: FileDescriptor
    let writer: FileDescriptor

    init(_ signals: [Signal], _ deliver: @escaping (Signal) -> Void) throws(TransportError) {
        var ends: (Int32, Int32) = (-1, -1)
        let result = unsafe withUnsafeMutablePointer(to: &ends) {
            unsafe $0.withMemoryRebound(to: Int32.self, capacity: 2) { unsafe starling_pipe($0) }
        }
        guard result >= 0 else { throw .from(-result, doing: "open a pipe") }
        reader = FileDescriptor(owning: ends.0)
        writer = FileDescriptor(owning: ends.1)
        self.signals = signals
        self.deliver = deliver
        let (exchanged, _) = handlerPipe.compareExchange(
            expected: -1, desired: writer.number, ordering: .sequentiallyConsistent)
        precondition(exchanged, "two loops of one process watch signals")
        for signal in signals { _ = starling_handle_signal(signal.number, handle) }
    }

    deinit {
        for signal in signals { _ = starling_reset_signal(signal.number) }
        handlerPipe.store(-1, ordering: .sequentiallyConsistent)
    }

    func ready(_ token: UInt64, _ readiness: Readiness) {
        while case let number = starling_next_signal(reader.number), number != 0 {
            for signal in signals where signal.number == number { deliver(signal) }
        }
    }
}

extension EventLoop {
    /// Calls `deliver` in the loop when one of `signals` arrives, instead of ending the process.
    /// One loop of a process may do so.
    package func watchSignals(
        _ signals: [Signal], deliver: @escaping (Signal) -> Void
    ) throws(TransportError) {
        let source = try SignalSource(signals, deliver)
        try add(source, makeToken(), source.reader.number, .read)
    }
}
