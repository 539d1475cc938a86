import CLinux
package import Primitives

/// The file of a Unix socket: a directory that stays the same one, and a name in it.
///
/// A socket's path has room for 107 bytes, and a data directory may be longer.
/// `/proc/self/fd/N/NAME` is always short.
final class SocketFile {
    let directory: FileDescriptor
    let name: String
    /// As the user knows it.
    let path: String
    /// The file that we made; 0 before.
    private var inode: Int64 = 0

    init(_ name: String, in path: String) throws(TransportError) {
        self.name = name
        self.path = path + "/" + name
        let number = unsafe starling_open_directory(path)
        if -number == ENOENT || -number == ENOTDIR { throw .noSuchDirectory(path: path) }
        directory = try FileDescriptor(number, doing: "open \(path)")
    }

    /// What to bind or connect to; nil for a name that is no plain file name of at most 80 bytes.
    var address: SocketAddress? {
        guard !name.utf8.contains(UInt8(ascii: "/")), name.utf8.count <= 80 else { return nil }
        return SocketAddress(path: "/proc/self/fd/\(directory.number)/\(name)")
    }

    /// Makes way for a new socket: takes away one on which nobody answers.
    func clear(_ address: SocketAddress) throws(TransportError) {
        switch unsafe -starling_socket_inode(directory.number, name) {
        case 0: return
        case Int64(ENOTSOCK): throw .notASocket(path: path)
        case let code where code > 0: throw .from(Int32(code), doing: "look at \(path)")
        default: break
        }
        let probe = try FileDescriptor(starling_stream_socket(AF_UNIX), doing: "open a socket")
        var address = address
        let result = unsafe starling_connect(probe.number, &address.storage, address.length)
        guard -result == ECONNREFUSED else { throw .socketInUse(path: path) }
        _ = unsafe starling_unlink(directory.number, name)
    }

    /// Notes that the file which stands there now is ours.
    func claim() { inode = unsafe starling_socket_inode(directory.number, name) }

    /// Removes the file, unless another one stands in its place.
    func remove() {
        guard inode > 0, unsafe starling_socket_inode(directory.number, name) == inode else {
            return
        }
        _ = unsafe starling_unlink(directory.number, name)
        inode = 0
    }
}

extension Network {
    /// Takes connections on a Unix socket: the file `name` in `directory`, readable and writable by
    /// this user only.
    ///
    /// A socket file that a crashed process left is replaced; one on which somebody answers is not.
    /// `close` removes the file.
    package func listen(unixSocket name: String, in directory: String) throws(TransportError) {
        let file = try SocketFile(name, in: directory)
        guard var address = file.address else { throw .notASocket(path: file.path) }
        try file.clear(address)
        let socket = try FileDescriptor(starling_stream_socket(AF_UNIX), doing: "open a socket")
        _ = starling_set_mode(socket.number, 0o600)
        var result = unsafe starling_bind(socket.number, &address.storage, address.length)
        if -result == EADDRINUSE { throw .socketInUse(path: file.path) }
        if result < 0 { throw .from(-result, doing: "make the socket \(file.path)") }
        file.claim()
        result = starling_listen(socket.number, 64)
        if result < 0 { throw .from(-result, doing: "listen on \(file.path)") }
        let listener = Listener(loop.makeToken(), socket, file)
        try loop.add(relay, listener.token, listener.descriptor.number, .read)
        listeners[listener.token] = listener
    }

    /// Begins to connect to the Unix socket `name` in `directory`; the same as for TCP follows.
    package func connect(
        toUnixSocket name: String, in directory: String, deadline: Instant
    ) -> ConnectionID {
        let id = ConnectionID(number: loop.makeToken())
        guard open.local < limits.local else { return failed(id, .tooManyConnections) }
        guard let file = try? SocketFile(name, in: directory), var address = file.address else {
            return failed(id, .refused)
        }
        let number = starling_stream_socket(AF_UNIX)
        guard number >= 0 else { return failed(id, .from(-number)) }
        let descriptor = FileDescriptor(owning: number)
        let result = unsafe starling_connect(number, &address.storage, address.length)
        guard result >= 0 else { return failed(id, .from(-result)) }
        return begin(
            Connection(id, descriptor, .local, .local(user: nil), .connecting), deadline)
    }
}
