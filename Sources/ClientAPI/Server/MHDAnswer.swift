import CMicroHTTPD
import Glibc
import Primitives

/// Makes the library's response out of ours.
enum MHDAnswer {
    /// Nil when there is no memory or no descriptor for it.
    static func make(
        _ response: HTTPResponse, _ connection: OpaquePointer, _ owner: HTTPConnection
    ) -> OpaquePointer? {
        switch response.body {
        case .bytes(var bytes):
            let count = bytes.count
            return unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe MHD_create_response_from_buffer(
                    count, buffer.baseAddress, starling_http_copy)
            }
        case .file(let file, let offset, let count):
            let descriptor = file.duplicate()
            guard descriptor >= 0 else { return nil }
            guard
                let made = unsafe MHD_create_response_from_fd_at_offset64(
                    count, descriptor, offset)
            else {
                _ = close(descriptor)
                return nil
            }
            return unsafe made
        case .stream(let stream):
            let feed = unsafe StreamFeed(stream, SuspendedConnection(connection), connection)
            stream.attach(wake: feed.wake, cut: { owner.shut() })
            let box = unsafe Unmanaged.passRetained(feed)
            guard
                let made = unsafe starling_http_stream(
                    Limits.HTTP.streamBlock, mhdRead, box.toOpaque(), mhdFreeFeed)
            else {
                unsafe box.release()
                return nil
            }
            return unsafe made
        }
    }
}

/// What the library asks for more of a stream.
private final class StreamFeed {
    let stream: EventStream
    let wake: @Sendable () -> Void
    private let connection: UInt

    init(_ stream: EventStream, _ suspended: SuspendedConnection, _ connection: OpaquePointer) {
        self.stream = stream
        wake = { suspended.resume() }
        self.connection = UInt(bitPattern: connection)
    }

    /// Fills `buffer`. With nothing to send the connection is suspended: to return nothing without
    /// that would have the library ask again at once, for ever.
    func read(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        let taken = stream.take(buffer.count) {
            unsafe MHD_suspend_connection(OpaquePointer(bitPattern: connection))
        }
        switch taken {
        case .bytes(let bytes):
            unsafe buffer.copyBytes(from: bytes)
            return bytes.count
        case .parked: return 0
        case .end: return starling_http_end()
        case .cut: return starling_http_cut()
        }
    }
}

private func mhdRead(
    _ context: UnsafeMutableRawPointer?, _ position: UInt64,
    _ buffer: UnsafeMutablePointer<CChar>?, _ count: Int
) -> Int {
    guard let context = unsafe context, let buffer = unsafe buffer else {
        return starling_http_cut()
    }
    let feed = unsafe Unmanaged<StreamFeed>.fromOpaque(context).takeUnretainedValue()
    return unsafe feed.read(UnsafeMutableRawBufferPointer(start: buffer, count: count))
}

private func mhdFreeFeed(_ context: UnsafeMutableRawPointer?) {
    guard let context = unsafe context else { return }
    unsafe Unmanaged<StreamFeed>.fromOpaque(context).release()
}
