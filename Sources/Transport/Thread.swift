import CLinux
import Glibc
package import Primitives

/// Runs `body` on a new thread that nobody waits for. A free function: a closure written in `@main`
/// inherits its actor.
package func startThread(_ name: String, _ body: @escaping @Sendable () -> Void) {
    let box = unsafe Unmanaged.passRetained(ThreadBody(body))
    var thread = pthread_t()
    var attributes = pthread_attr_t()
    unsafe pthread_attr_init(&attributes)
    unsafe pthread_attr_setstacksize(&attributes, 1 << 20)
    unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    let result = unsafe pthread_create(
        &thread, &attributes,
        { argument in
            guard let argument = unsafe argument else { return nil }
            unsafe Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().body()
            return nil
        }, box.toOpaque())
    unsafe pthread_attr_destroy(&attributes)
    precondition(result == 0, "no thread for \(name): error \(result)")
}

private final class ThreadBody: Sendable {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

/// A counting semaphore of the kernel's.
package final class KernelSemaphore: Sendable {
    private let descriptor: Int32

    /// Nil when the process has no more descriptors.
    package init?() {
        descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_SEMAPHORE))
        if descriptor < 0 { return nil }
    }

    deinit { _ = close(descriptor) }

    package func signal() {
        var one: UInt64 = 1
        _ = unsafe write(descriptor, &one, 8)
    }

    /// Waits for a signal, and takes it.
    package func wait() {
        var count: UInt64 = 0
        while unsafe read(descriptor, &count, 8) < 0 && errno == EINTR {}
    }

    /// Waits for a signal, but no longer than `span`. False when there was none.
    package func wait(_ span: Instant.Span) -> Bool {
        var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let milliseconds = Int32(clamping: max(span.milliseconds, 1))
        guard unsafe poll(&poller, 1, milliseconds) > 0 else { return false }
        wait()
        return true
    }
}
