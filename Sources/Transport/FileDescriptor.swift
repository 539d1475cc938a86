import CLinux

/// The owner of an open file descriptor: closes it when it goes.
struct FileDescriptor: ~Copyable, Sendable {
    let number: Int32

    /// Takes over `number`.
    init(owning number: Int32) {
        self.number = number
    }

    /// Takes over what a wrapper of `CLinux` returned: a descriptor, or a negative errno.
    init(_ result: Int32, doing: String) throws(TransportError) {
        guard result >= 0 else { throw TransportError.from(-result, doing: doing) }
        number = result
    }

    // Never again after EINTR: on Linux the number is free by then, and may be another thread's.
    deinit { _ = close(number) }
}
