import Glibc
import MerkleLog
import Store

enum SecretFileError: Error { case failed(String) }
enum SecretFile {
    static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }
    static func read(_ path: String, maxBytes: Int) throws -> [UInt8] {
        let fd = unsafe open(path, O_RDONLY)
        guard fd >= 0 else { throw SecretFileError.failed(path) }
        defer { close(fd) }
        var buffer = [UInt8](repeating: 0, count: maxBytes)
        let n = unsafe Glibc.read(fd, &buffer, maxBytes)
        return Array(buffer.prefix(max(0, n)))
    }
    static func create(_ path: String, _ bytes: [UInt8]) throws {
        let fd = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        guard fd >= 0 else { throw SecretFileError.failed(path) }
        defer { close(fd) }
        _ = unsafe write(fd, bytes, bytes.count)
        fsync(fd)
    }
}
final class FenceFile {
    enum Reading { case missing, torn, foreign, released(size: UInt64, root: Hash) }
    init(path: String, log: LogKey, storeID: [UInt8]) throws(StoreError) {}
    func read() -> Reading { .missing }
    func write(size: UInt64, root: Hash) throws(StoreError) {}
}
