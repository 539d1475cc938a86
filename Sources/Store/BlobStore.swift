package import Content
import Crypto
import Glibc
package import MerkleLog
import Primitives
import Synchronization
import Wire

/// Media in files beside the database: a blob each, named by its root and size.
///
/// | file | what |
/// |---|---|
/// | `ROOT-SIZE` | all bytes of a blob that is here whole |
/// | `ROOT-SIZE.part` | what has come of one that is being fetched; the rest is zeros |
/// | `ROOT-SIZE.list` | the hashes of its chunks |
/// | `ROOT-SIZE.own` | empty: the owner put it here, and it is never dropped |
/// | `new-…` | not finished when the process ended: removed at the next start |
///
/// Names appear by rename or link, behind a sync of what they name; so whatever moment the process
/// ends at, a file is whole or not there. Which chunks of a part are here is found by hashing them.
/// Nothing is given that was not hashed in the same moment. Any thread may use it.
///
/// The size is in the name since anybody can name a root with another size: such a blob, which
/// nobody has, must not take the place of the right one.
package final class BlobStore: Sendable {
    package let directory: String
    private let state = Mutex(State())

    private struct State {
        var whole: [Hash: Whole] = [:]
        /// Bytes of those that are fetched, as they will be.
        var parts: [Blob: UInt64] = [:]
        /// What others' take, whole or in part.
        var othersBytes: UInt64 = 0
        /// Lists that were read last, the newest at the end.
        var lists: [ChunkList] = []
        var serial: UInt64 = 0
    }

    /// A blob that is here.
    package struct Whole: Hashable, Sendable {
        package var blob: Blob
        package var isOwn: Bool
    }

    /// Opens the files in `directory`, which is made when there is none.
    package init(directory: String) throws(StoreError) {
        self.directory = directory
        try PrivateDirectory.create(directory)
        guard let status = try FileMode.status(of: directory + "/.") else {
            throw .missing(path: directory)
        }
        try FileMode.check(status, kind: S_IFDIR, path: directory)
        try scan()
    }

    private func path(_ blob: Blob, _ suffix: String = "") -> String {
        "\(directory)/\(Hex.encode(blob.root.array))-\(blob.size)\(suffix)"
    }

    /// The blob that a file is named after.
    private static func blob(named name: String) -> Blob? {
        let parts = name.split(separator: "-")
        guard parts.count == 2, let bytes = Hex.decode(String(parts[0])),
            let root = Bytes32(bytes), let size = UInt64(parts[1])
        else { return nil }
        return try? Blob(root: root, size: size)
    }

    // MARK: What is here

    private func scan() throws(StoreError) {
        let names = try Self.names(in: directory)
        let known = Set(names)
        for name in names {
            if name.hasPrefix("new-") {
                _ = unsafe unlink("\(directory)/\(name)")
                continue
            }
            let isPart = name.hasSuffix(".part")
            let text = isPart ? String(name.dropLast(5)) : name
            guard let blob = Self.blob(named: text),
                let status = try FileMode.status(of: "\(directory)/\(name)"),
                status.st_mode & S_IFMT == S_IFREG
            else { continue }
            let isOwn = known.contains(text + ".own")
            state.withLock { state in
                if isPart {
                    state.parts[blob] = isOwn ? 0 : blob.size
                } else {
                    state.whole[blob.root] = Whole(blob: blob, isOwn: isOwn)
                }
                if !isOwn { state.othersBytes += blob.size }
            }
        }
    }

    private static func names(in directory: String) throws(StoreError) -> [String] {
        guard let stream = unsafe opendir(directory) else {
            throw SystemError.store(errno, "list", directory)
        }
        defer { unsafe closedir(stream) }
        var out: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(cString: $0)
                }
            }
            out.append(name)
        }
        return out.sorted()
    }

    package func holds(_ blob: Blob) -> Bool { whole(blob.root)?.blob == blob }

    package func whole(_ root: Hash) -> Whole? { state.withLock { $0.whole[root] } }

    private func isOwn(_ blob: Blob) -> Bool {
        unsafe access(path(blob, ".own"), F_OK) == 0
    }

    /// What others' media take.
    package var othersBytes: UInt64 { state.withLock { $0.othersBytes } }

    /// All that could be dropped, by root.
    package var others: [Blob] {
        let all = state.withLock { state in
            state.whole.values.filter { !$0.isOwn }.map(\.blob)
        }
        return all.sorted { $0.root < $1.root }
    }

    package var own: [Blob] {
        let all = state.withLock { state in state.whole.values.filter(\.isOwn).map(\.blob) }
        return all.sorted { $0.root < $1.root }
    }

    /// Whether room is set aside for it.
    package func isBegun(_ blob: Blob) -> Bool { state.withLock { $0.parts[blob] != nil } }

    /// What has come in part.
    package var partial: [Blob] {
        state.withLock { Array($0.parts.keys) }.sorted {
            ($0.root, $0.size) < ($1.root, $1.size)
        }
    }

    // MARK: Own files

    /// Puts a copy of the file behind `descriptor` here, as the owner's own. From its beginning to
    /// its end; its place does not move.
    package func add(copying descriptor: Int32) throws(StoreError) -> Blob {
        let name = newName()
        do throws(StoreError) {
            let list = try copy(descriptor, to: name)
            try keep(list)
            try mark(list.blob)
            try rename(name, to: path(list.blob))
            state.withLock { state in
                if let known = state.whole[list.blob.root], !known.isOwn {
                    state.othersBytes -= min(state.othersBytes, known.blob.size)
                }
                Self.forgetPart(list.blob, &state)
                state.whole[list.blob.root] = Whole(blob: list.blob, isOwn: true)
            }
            _ = unsafe unlink(path(list.blob, ".part"))
            return list.blob
        } catch {
            _ = unsafe unlink(name)
            throw error
        }
    }

    private func copy(_ descriptor: Int32, to name: String) throws(StoreError) -> ChunkList {
        let file = try FileDescriptor(name, O_WRONLY | O_CREAT | O_EXCL)
        var hasher = BlobHasher()
        var buffer = [UInt8](repeating: 0, count: 4 * Limits.Blobs.chunk)
        var offset = 0
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes {
                unsafe pread(descriptor, $0.baseAddress, $0.count, off_t(offset))
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw SystemError.store(errno, "read", "the file") }
            if count == 0 { break }
            guard UInt64(offset + count) <= ContentLimits.blob.upperBound else {
                throw .misuse("a file of more than \(ContentLimits.blob.upperBound) bytes")
            }
            hasher.append(buffer[..<count])
            try file.write(Array(buffer[..<count]), at: offset)
            offset += count
        }
        try file.sync()
        do throws(ContentError) { return try hasher.finish() } catch {
            throw .misuse("an empty file")
        }
    }

    private func mark(_ blob: Blob) throws(StoreError) {
        do throws(StoreError) {
            try FileDescriptor(path(blob, ".own"), O_WRONLY | O_CREAT | O_EXCL).sync()
        } catch {
            // It was there before.
            guard try FileMode.status(of: path(blob, ".own")) != nil else { throw error }
        }
    }

    private func newName() -> String {
        let number = state.withLock { state in
            state.serial += 1
            return state.serial
        }
        return "\(directory)/new-\(getpid())-\(number)"
    }

    private func rename(_ from: String, to: String) throws(StoreError) {
        guard unsafe Glibc.rename(from, to) == 0 else {
            throw SystemError.store(errno, "rename", to)
        }
        try FileMode.syncDirectory(of: to)
    }

    // MARK: Lists

    private func keep(_ list: ChunkList) throws(StoreError) {
        let name = newName()
        do throws(StoreError) {
            let file = try FileDescriptor(name, O_WRONLY | O_CREAT | O_EXCL)
            try file.write(list.hashes.flatMap(\.array), at: 0)
            try file.sync()
        } catch {
            _ = unsafe unlink(name)
            throw error
        }
        try rename(name, to: path(list.blob, ".list"))
        remember(list)
    }

    private func remember(_ list: ChunkList) {
        state.withLock { state in
            state.lists.removeAll { $0.blob == list.blob }
            state.lists.append(list)
            state.lists.removeFirst(max(0, state.lists.count - Limits.Blobs.listsKept))
        }
    }

    /// The list of a blob that is here or was begun; nil when there is none, or it is damaged.
    package func list(of blob: Blob) -> ChunkList? {
        if let known = state.withLock({ $0.lists.last { $0.blob == blob } }) { return known }
        guard let file = try? FileDescriptor(path(blob, ".list"), O_RDONLY),
            let bytes = try? file.read(32 * blob.chunks + 1, at: 0),
            let hashes = ChunkList.hashes(in: bytes), let list = ChunkList(blob, hashes)
        else { return nil }
        remember(list)
        return list
    }

    // MARK: Fetching

    /// Makes ready for the chunks of a blob; which of them are here. Without a list that is here
    /// already, or given, nothing.
    package func begin(
        _ blob: Blob, _ hashes: [Hash]
    ) throws(StoreError) -> (hashes: [Hash], present: [Int]) {
        if let given = ChunkList(blob, hashes) { try keep(given) }
        guard let list = list(of: blob) else { return ([], []) }
        let part = path(blob, ".part")
        if try FileMode.status(of: part) == nil {
            let file = try FileDescriptor(part, O_RDWR | O_CREAT | O_EXCL)
            guard ftruncate(file.number, off_t(blob.size)) == 0 else {
                throw SystemError.store(errno, "make room in", part)
            }
            try file.sync()
            try FileMode.syncDirectory(of: part)
        }
        count(part: blob)
        return (list.hashes, try present(list, in: part))
    }

    private func count(part blob: Blob) {
        let isOwn = isOwn(blob)
        state.withLock { state in
            guard state.parts[blob] == nil else { return }
            state.parts[blob] = isOwn ? 0 : blob.size
            if !isOwn { state.othersBytes += blob.size }
        }
    }

    /// The chunks of a part that are as they should be.
    private func present(_ list: ChunkList, in part: String) throws(StoreError) -> [Int] {
        let file = try FileDescriptor(part, O_RDONLY)
        try FileMode.check(try file.status(), kind: S_IFREG, path: part)
        // Holes are not read: SEEK_DATA leads to what was written.
        var out: [Int] = []
        var index = 0
        while index < list.hashes.count {
            let start = index * Limits.Blobs.chunk
            let data = lseek(file.number, off_t(start), 3 /* SEEK_DATA */)
            if data < 0 && errno == ENXIO { break }
            if data > start { index = max(index, Int(data) / Limits.Blobs.chunk) }
            let bytes = try file.read(
                list.blob.length(ofChunk: index), at: index * Limits.Blobs.chunk)
            if list.holds(bytes, at: index) { out.append(index) }
            index += 1
        }
        return out
    }

    /// Writes one chunk, which was checked.
    package func write(_ blob: Blob, _ index: Int, _ bytes: [UInt8]) throws(StoreError) {
        let file = try FileDescriptor(path(blob, ".part"), O_WRONLY)
        try file.write(bytes, at: index * Limits.Blobs.chunk)
    }

    /// All chunks are written: gives the blob its name, once everything is on the disk.
    package func finish(_ blob: Blob) throws(StoreError) {
        let part = path(blob, ".part")
        let file = try FileDescriptor(part, O_RDONLY)
        try file.sync()
        try rename(part, to: path(blob))
        let isOwn = isOwn(blob)
        state.withLock { state in
            Self.forgetPart(blob, &state)
            state.whole[blob.root] = Whole(blob: blob, isOwn: isOwn)
            if !isOwn { state.othersBytes += blob.size }
        }
    }

    private static func forgetPart(_ blob: Blob, _ state: inout State) {
        guard let bytes = state.parts.removeValue(forKey: blob) else { return }
        state.othersBytes -= min(state.othersBytes, bytes)
    }

    // MARK: Reading

    /// The blob's bytes, each chunk checked when it is read; nil when it is not here whole.
    package func open(_ root: Hash) -> BlobFile? {
        guard let whole = whole(root), let list = list(of: whole.blob),
            let file = try? FileDescriptor(path(whole.blob), O_RDONLY),
            (try? file.status().st_size) == off_t(whole.blob.size)
        else { return nil }
        return BlobFile(file, list)
    }

    // MARK: Going

    /// What is here is not what it should be: it is a part again, of the chunks that are right.
    /// False when it was not here.
    package func setAside(_ blob: Blob) -> Bool {
        guard let whole = whole(blob.root), whole.blob == blob, list(of: blob) != nil,
            (try? rename(path(blob), to: path(blob, ".part"))) != nil
        else { return lose(blob) }
        _ = unsafe truncate(path(blob, ".part"), off_t(blob.size))
        state.withLock { state in
            state.whole[blob.root] = nil
            state.parts[blob] = whole.isOwn ? 0 : blob.size
        }
        return true
    }

    /// Without its list nothing of it can be told to be right; it is fetched from its beginning.
    private func lose(_ blob: Blob) -> Bool {
        guard let whole = whole(blob.root), whole.blob == blob else { return false }
        for suffix in ["", ".list"] { _ = unsafe unlink(path(blob, suffix)) }
        state.withLock { state in
            state.whole[blob.root] = nil
            state.lists.removeAll { $0.blob == blob }
            if !whole.isOwn { state.othersBytes -= min(state.othersBytes, blob.size) }
        }
        return true
    }

    /// Drops a blob, or what there is of it, to make room. Never one of the owner's.
    package func drop(_ blob: Blob) {
        if !isOwn(blob) { remove(blob) }
    }

    /// Drops what the owner put here and used nowhere.
    package func dropDraft(_ blob: Blob) { remove(blob) }

    /// When the owner's file was put here, in milliseconds since 1970; nil when it was not.
    package func added(_ blob: Blob) -> UInt64? {
        guard let status = try? FileMode.status(of: path(blob, ".own")) else { return nil }
        return UInt64(clamping: status.st_mtim.tv_sec) * 1_000
    }

    private func remove(_ blob: Blob) {
        for suffix in ["", ".part", ".list", ".own"] { _ = unsafe unlink(path(blob, suffix)) }
        state.withLock { state in
            Self.forgetPart(blob, &state)
            state.lists.removeAll { $0.blob == blob }
            guard let whole = state.whole[blob.root], whole.blob == blob else { return }
            state.whole[blob.root] = nil
            if !whole.isOwn { state.othersBytes -= min(state.othersBytes, blob.size) }
        }
    }
}
