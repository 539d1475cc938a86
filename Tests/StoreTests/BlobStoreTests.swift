import Content
import Crypto
import Foundation
import Glibc
import MerkleLog
import Primitives
import Testing

@testable import Store

/// Media on the disk: whole or not there, through any crash; never given when damaged; within the
/// owner's budget.
struct BlobStoreTests {
    private static let chunk = Limits.Blobs.chunk

    private static func bytes(_ count: Int, _ seed: UInt64) -> [UInt8] {
        var random = SeededRandom(seed: seed)
        return random.bytes(count)
    }

    private static func list(_ bytes: [UInt8]) throws -> ChunkList {
        var hasher = BlobHasher()
        hasher.append(bytes[...])
        return try hasher.finish()
    }

    private static func chunks(_ bytes: [UInt8]) -> [[UInt8]] {
        stride(from: 0, to: bytes.count, by: chunk).map {
            Array(bytes[$0..<min($0 + chunk, bytes.count)])
        }
    }

    /// Adds bytes as the owner does: out of a file.
    @discardableResult
    private static func add(_ bytes: [UInt8], _ files: BlobStore, _ scratch: Scratch) throws -> Blob
    {
        let path = scratch.path + "/upload"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let file = unsafe open(path, O_RDONLY)
        defer { close(file) }
        return try files.add(copying: file)
    }

    /// Fetches as the mesh does.
    private static func fetch(_ bytes: [UInt8], _ files: BlobStore) throws -> Blob {
        let list = try list(bytes)
        #expect(try files.begin(list.blob, []).hashes.isEmpty)
        #expect(try files.begin(list.blob, list.hashes).present.isEmpty)
        for (index, piece) in chunks(bytes).enumerated() {
            try files.write(list.blob, index, piece)
        }
        try files.finish(list.blob)
        return list.blob
    }

    private static func read(_ blob: Blob, _ files: BlobStore) -> [UInt8]? {
        files.open(blob.root)?.read(Int(blob.size), at: 0)
    }

    private static func path(_ blob: Blob, _ scratch: Scratch, _ suffix: String = "") -> String {
        scratch.store + "/\(Hex32.text(blob.root))-\(blob.size)" + suffix
    }

    private static func spoil(_ path: String, at offset: Int) throws {
        let file = unsafe open(path, O_RDWR)
        defer { close(file) }
        var byte: UInt8 = 0
        #expect(unsafe pread(file, &byte, 1, off_t(offset)) == 1)
        byte ^= 1
        #expect(unsafe pwrite(file, &byte, 1, off_t(offset)) == 1)
    }

    // MARK: There and back

    @Test(arguments: [1, 65_536, 65_537, 1_000_000])
    func whatWasPutInComesOut(_ size: Int) throws {
        let scratch = try Scratch()
        let files = try BlobStore(directory: scratch.store)
        let (mine, theirs) = (Self.bytes(size, 1), Self.bytes(size, 2))
        let own = try Self.add(mine, files, scratch)
        let other = try Self.fetch(theirs, files)
        for store in [files, try BlobStore(directory: scratch.store)] {
            #expect(store.holds(own) && store.holds(other))
            #expect(Self.read(own, store) == mine && Self.read(other, store) == theirs)
            #expect(store.own == [own] && store.others == [other])
            #expect(store.othersBytes == UInt64(size) && store.partial.isEmpty)
        }
        let file = try #require(files.open(own.root))
        for (from, count) in [(0, 1), (size - 1, 5), (size / 2, 70_000), (size, 3), (0, size)] {
            let end = min(size, from + count)
            #expect(file.read(count, at: UInt64(from)) == Array(mine[min(from, end)..<end]))
        }
        // Nobody else may read them (THREATS row 22).
        for name in try FileManager.default.contentsOfDirectory(atPath: scratch.store) {
            var status = stat()
            #expect(unsafe stat(scratch.store + "/" + name, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600, "\(name)")
        }
    }

    @Test func nothingAndTooMuchAreNoBlobs() throws {
        let scratch = try Scratch()
        let files = try BlobStore(directory: scratch.store)
        #expect(throws: StoreError.self) { try Self.add([], files, scratch) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.store).isEmpty)
    }

    // MARK: Crashes

    /// After each step of a fetch the process ends: what was written is found again, and no more.
    @Test func aPartIsGoneOnWith() throws {
        let scratch = try Scratch()
        let bytes = Self.bytes(5 * Self.chunk + 77, 3)
        let (list, pieces) = (try Self.list(bytes), Self.chunks(bytes))
        var files = try BlobStore(directory: scratch.store)
        _ = try files.begin(list.blob, list.hashes)
        var written: [Int] = []
        for index in [4, 0, 5, 2] {
            try files.write(list.blob, index, pieces[index])
            written.append(index)
            files = try BlobStore(directory: scratch.store)
            #expect(!files.holds(list.blob) && files.open(list.blob.root) == nil)
            #expect(files.partial == [list.blob] && files.othersBytes == list.blob.size)
            let found = try files.begin(list.blob, [])
            #expect(found.hashes == list.hashes && found.present == written.sorted())
        }
        // A write that was torn is none.
        try Self.spoil(Self.path(list.blob, scratch, ".part"), at: 5 * Self.chunk + 3)
        #expect(try files.begin(list.blob, []).present == [0, 2, 4])
        for index in [1, 3, 5] { try files.write(list.blob, index, pieces[index]) }
        try files.finish(list.blob)
        #expect(Self.read(list.blob, files) == bytes && files.partial.isEmpty)
        #expect(files.othersBytes == list.blob.size)
    }

    /// What was not finished is not there after a start.
    @Test func whatWasNotFinishedIsGone() throws {
        let scratch = try Scratch()
        var files = try BlobStore(directory: scratch.store)
        let blob = try Self.add(Self.bytes(100_000, 4), files, scratch)
        for name in ["new-1-1", "new-upload-abcdef", "new-2-7-out"] {
            try Data([1, 2, 3]).write(to: URL(fileURLWithPath: scratch.store + "/" + name))
        }
        files = try BlobStore(directory: scratch.store)
        let names = try FileManager.default.contentsOfDirectory(atPath: scratch.store)
        #expect(names.allSatisfy { $0.hasPrefix(Hex32.text(blob.root)) } && names.count == 3)
    }

    /// A damaged list of a part is fetched again; nothing is believed under it.
    @Test func aDamagedListIsNone() throws {
        let scratch = try Scratch()
        let bytes = Self.bytes(3 * Self.chunk, 5)
        let list = try Self.list(bytes)
        var files = try BlobStore(directory: scratch.store)
        _ = try files.begin(list.blob, list.hashes)
        try files.write(list.blob, 0, Self.chunks(bytes)[0])
        for offset in [0, 31, 32, 95] {
            try Self.spoil(Self.path(list.blob, scratch, ".list"), at: offset)
            files = try BlobStore(directory: scratch.store)
            #expect(files.list(of: list.blob) == nil)
            #expect(try files.begin(list.blob, []).hashes.isEmpty)
            try Self.spoil(Self.path(list.blob, scratch, ".list"), at: offset)
        }
        #expect(try files.begin(list.blob, list.hashes).present == [0])
    }

    // MARK: Damage

    /// Nothing damaged is given; what is right of it is used when it is fetched again.
    @Test(arguments: [true, false])
    func damageIsFoundAndPutRight(_ isOwn: Bool) throws {
        let scratch = try Scratch()
        let bytes = Self.bytes(4 * Self.chunk, 6)
        let files = try BlobStore(directory: scratch.store)
        let blob = isOwn ? try Self.add(bytes, files, scratch) : try Self.fetch(bytes, files)
        try Self.spoil(Self.path(blob, scratch), at: 2 * Self.chunk + 9)
        let file = try #require(files.open(blob.root))
        #expect(file.chunk(1) == Self.chunks(bytes)[1] && file.chunk(2) == nil)
        #expect(file.read(10, at: UInt64(2 * Self.chunk + 100)) == nil)
        #expect(!file.isSound(0..<blob.size) && file.isSound(0..<UInt64(2 * Self.chunk)))
        #expect(files.setAside(blob) && !files.holds(blob))
        #expect(files.open(blob.root) == nil)
        #expect(try files.begin(blob, []).present == [0, 1, 3])
        try files.write(blob, 2, Self.chunks(bytes)[2])
        try files.finish(blob)
        #expect(Self.read(blob, files) == bytes)
        #expect(files.whole(blob.root)?.isOwn == isOwn)
        #expect(files.othersBytes == (isOwn ? 0 : blob.size))
    }

    @Test func aShortenedFileIsDamaged() throws {
        let scratch = try Scratch()
        let bytes = Self.bytes(3 * Self.chunk, 7)
        let files = try BlobStore(directory: scratch.store)
        let blob = try Self.fetch(bytes, files)
        #expect(unsafe truncate(Self.path(blob, scratch), off_t(Self.chunk + 5)) == 0)
        #expect(files.open(blob.root) == nil)
        #expect(files.setAside(blob))
        #expect(try files.begin(blob, []).present == [0])
    }

    // MARK: Room

    private static func note(_ blob: Blob) throws -> [UInt8] {
        let picture = try Attachment(blob: blob, mediaType: "image/png")
        return Content.note(try Note(attachments: [picture]))
            .body(salt: [UInt8](repeating: 9, count: 16))
    }

    /// Strangers' go first, then the older; own ones and what own posts name never.
    @Test func theLeastValuedGiveWay() throws {
        let scratch = try Scratch()
        let writer = try StoreWriter(directory: scratch.store)
        let files = try BlobStore(directory: scratch.store + "/blobs")
        let size = 100_000
        var authors = (0..<3).map { Author(UInt64($0) + 40) }
        var named: [[(Blob, [UInt8])]] = []
        for author in authors.indices {
            let pictures = try (0..<4).map { number in
                let bytes = Self.bytes(size, UInt64(100 * author + number))
                return (try Self.list(bytes).blob, bytes)
            }
            try writer.commit([
                .extend(authors[author].post(try pictures.map { try Self.note($0.0) }))
            ])
            named.append(pictures)
        }
        // The owner's, one that is followed, a stranger. Room for six.
        var plan = StoragePlan(budget: 4 * 620_000)
        plan.hops = [authors[0].log: 0, authors[1].log: 1]
        let reader = try StoreReader(directory: scratch.store)
        let keeper = MediaKeeper(files, reader, plan)
        func take(_ author: Int, _ number: Int) throws -> Bool {
            guard try keeper.makeRoom(for: named[author][number].0) else { return false }
            _ = try Self.fetch(named[author][number].1, files)
            return true
        }
        func held(_ author: Int) -> [Bool] { named[author].map { files.holds($0.0) } }
        for number in 0..<4 { #expect(try take(2, number)) }
        for number in 0..<4 { #expect(try take(1, number)) }
        #expect(held(1) == [true, true, true, true])
        #expect(held(2) == [false, false, true, true], "the stranger's oldest went")
        let gone = DroppedMedia(hop: StoragePlan.strangers, bytes: UInt64(size))
        #expect(keeper.takeDropped() == [gone, gone] && keeper.takeDropped().isEmpty)
        // A stranger's newer one takes the place of an older one, never that of somebody nearer.
        #expect(try !take(2, 0))
        #expect(held(2) == [false, false, true, true])
        for number in 0..<4 { #expect(try take(0, number)) }
        #expect(held(0) == [true, true, true, true])
        // What nobody may drop is over the share; others' are not taken for it.
        let draft = try Self.add(Self.bytes(size, 999), files, scratch)
        try keeper.adopt(StoragePlan(budget: 4 * 450_000, hops: plan.hops))
        #expect(held(0) == [true, true, true, true] && files.holds(draft))
        #expect(held(1) == [false, false, false, false] && held(2) == held(1))
        #expect(keeper.takeDropped().map(\.hop).sorted() == [1, 1, 1, 1, 4, 4])
    }

    @Test func nobodyMakesRoomForWhatNoEntryNames() throws {
        let scratch = try Scratch()
        _ = try StoreWriter(directory: scratch.store)
        let files = try BlobStore(directory: scratch.store + "/blobs")
        let reader = try StoreReader(directory: scratch.store)
        let keeper = MediaKeeper(files, reader, StoragePlan(budget: 1 << 30))
        let blob = try Self.list(Self.bytes(1_000, 8)).blob
        #expect(try !keeper.makeRoom(for: blob))
        // A reader's wish is enough, within the share.
        keeper.await(blob.root)
        #expect(try keeper.makeRoom(for: blob))
        let large = try Blob(root: .zero, size: 1 << 30)
        keeper.await(large.root)
        #expect(try !keeper.makeRoom(for: large))
    }

    @Test func draftsThatNobodyUsedGo() throws {
        let scratch = try Scratch()
        let writer = try StoreWriter(directory: scratch.store)
        let files = try BlobStore(directory: scratch.store + "/blobs")
        let used = try Self.add(Self.bytes(1_000, 9), files, scratch)
        let unused = try Self.add(Self.bytes(1_000, 10), files, scratch)
        var author = Author(50)
        try writer.commit([.extend(author.post([try Self.note(used)]))])
        let keeper = MediaKeeper(
            files, try StoreReader(directory: scratch.store), StoragePlan(budget: 1 << 30))
        let now = try #require(files.added(unused))
        try keeper.dropDrafts(at: UnixTime(milliseconds: now + Limits.Blobs.draft))
        #expect(files.holds(used) && files.holds(unused))
        try keeper.dropDrafts(at: UnixTime(milliseconds: now + Limits.Blobs.draft + 2_000))
        #expect(files.holds(used) && !files.holds(unused))
    }

    /// What entries name is listed with them.
    @Test func entriesTellWhatTheyName() throws {
        let scratch = try Scratch()
        let writer = try StoreWriter(directory: scratch.store)
        var author = Author(60)
        let blobs = try (0..<3).map { try Self.list(Self.bytes(500 + $0, UInt64($0))).blob }
        let text = [UInt8](repeating: 1, count: 40)
        let bodies = [text, try Self.note(blobs[0]), text, try Self.note(blobs[1])]
        try writer.commit([.extend(author.post(bodies))])
        try writer.commit([.extend(author.post([try Self.note(blobs[0])]))])
        let reader = try StoreReader(directory: scratch.store)
        #expect(
            try reader.media(of: author.log, from: 0, to: 5).map(\.blob) == [
                blobs[0], blobs[1], blobs[0],
            ])
        #expect(try reader.media(of: author.log, from: 2, to: 4).map(\.blob) == [blobs[1]])
        #expect(try reader.newestMedia(limit: 2).map(\.blob) == [blobs[0], blobs[1]])
        #expect(try reader.mentions(of: blobs[0].root).map(\.log) == [author.log, author.log])
        #expect(try reader.mentions(of: blobs[2].root).isEmpty)
    }
}

enum Hex32 {
    static func text(_ hash: Hash) -> String {
        hash.array.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}
