import Content
import Crypto
import MerkleLog
import Mesh
import Primitives
import Store
import Transport

/// What the media thread tells the loop.
enum MediaAnswer: Sendable {
    case event(BlobEvent)
    /// What media of others take has changed.
    case taken(UInt64)
    /// Media of others gave way.
    case dropped([DroppedMedia])
    case complaint(String)
}

/// What is to be done on the media thread.
enum MediaWork: Sendable {
    case effect(BlobEffect)
    /// Entries of a log are durable: what they name.
    case named(LogKey, from: UInt64, to: UInt64)
    /// What entries name and is not here, as far as it is to be fetched.
    case refill
    case plan(StoragePlan)
    case want(Blob)
    case damaged(Blob)
    /// The owner has put a file here.
    case added(Blob)
}

/// The thread that reads and writes media: the loop never waits for a large file.
final class MediaWorker {
    private let media: Media
    private let files: BlobStore
    private let reader: StoreReader
    private let keeper: MediaKeeper
    /// Blobs that there was no room for, until the plan changes.
    private var refused: Set<Blob> = []
    private var told: UInt64 = 0

    init(_ media: Media, store: String) throws(StoreError) {
        self.media = media
        files = media.files
        reader = try StoreReader(directory: store)
        keeper = MediaKeeper(
            files, reader, StoragePlan(budget: Limits.Storage.defaultBudget))
    }

    /// What a crash left: drafts that nobody used, and parts of what is still wanted.
    func start() throws(StoreError) {
        try keeper.dropDrafts(at: EventLoop.wallClock())
        for blob in files.partial {
            guard let mention = try mention(blob) else {
                files.drop(blob)
                continue
            }
            media.post(.event(.lacking(mention)))
        }
    }

    func perform(_ work: MediaWork) {
        do throws(StoreError) {
            switch work {
            case .effect(let effect): carryOut(effect)
            case .named(let log, let from, let to):
                try named(try reader.media(of: log, from: from, to: to))
            case .refill: try named(try reader.newestMedia(limit: 4 * Limits.Blobs.wanted))
            case .plan(let plan):
                if plan.budget != keeper.plan.budget || plan.hops != keeper.plan.hops {
                    refused = []
                }
                try keeper.adopt(plan)
            case .want(let blob): want(blob)
            case .damaged(let blob): try damaged(blob)
            case .added(let blob): media.post(.event(.held(blob)))
            }
        } catch {
            media.post(.complaint("media: \(error)"))
        }
        let dropped = keeper.takeDropped()
        if !dropped.isEmpty { media.post(.dropped(dropped)) }
        tellTaken()
    }

    /// In steps: the keeper of the posts need not follow every picture.
    private func tellTaken() {
        let step = max(1, keeper.plan.budget / Limits.Blobs.steps)
        let taken = (files.othersBytes + step - 1) / step * step
        guard taken != told else { return }
        told = taken
        media.post(.taken(taken))
    }

    // MARK: What entries name

    private func named(_ rows: [MediaRow]) throws(StoreError) {
        var seen: Set<Blob> = []
        var mentions: [BlobMention] = []
        for row in rows where seen.insert(row.blob).inserted {
            if files.holds(row.blob) {
                media.post(.event(.held(row.blob)))
                // Others are asked, so that the owner knows who has it.
                if keeper.plan.hop(of: row.log) == 0 { media.post(.event(.ask(row.blob))) }
                continue
            }
            guard row.blob.size <= Limits.Blobs.unasked, !refused.contains(row.blob),
                mentions.count < Limits.Blobs.wanted
            else { continue }
            mentions.append(
                BlobMention(blob: row.blob, hop: keeper.plan.hop(of: row.log), time: row.time))
        }
        if !mentions.isEmpty { media.post(.event(.mentioned(mentions))) }
    }

    /// Nil when no entry names it.
    private func mention(_ blob: Blob) throws(StoreError) -> BlobMention? {
        guard let worth = try keeper.worth(of: blob.root) else { return nil }
        return BlobMention(blob: blob, hop: max(0, worth.hop), time: worth.time)
    }

    private func isNamed(_ root: Hash) -> Bool {
        do { return try !reader.mentions(of: root, limit: 1).isEmpty } catch { return false }
    }

    private func want(_ blob: Blob) {
        if files.holds(blob) { return media.tellWaiters(blob.root) }
        refused.remove(blob)
        keeper.await(blob.root)
        media.post(.event(.want(blob)))
    }

    private func damaged(_ blob: Blob) throws(StoreError) {
        if let file = files.open(blob.root), file.isSound(0..<blob.size) { return }
        guard files.setAside(blob) else { return }
        media.post(.complaint("a picture or film is damaged on this disk, and fetched again"))
        let mention = try mention(blob)
        let time = UnixTime(milliseconds: 0)
        media.post(
            .event(.lacking(mention ?? BlobMention(blob: blob, hop: 0, time: time))))
    }

    // MARK: What the mesh asks for

    private func carryOut(_ effect: BlobEffect) {
        switch effect {
        case .find(let session, let list):
            media.post(
                .event(.found(session, list.filter { files.holds($0) && isNamed($0.root) })))
        case .read(let session, let request): read(session, request)
        case .begin(let blob, let hashes):
            attempt(blob) { () throws(StoreError) in
                try begin(blob, hashes)
            }
        case .write(let blob, let index, let bytes):
            attempt(blob) { () throws(StoreError) in
                try files.write(blob, index, bytes)
                media.post(.event(.written(blob, index: index)))
            }
        case .finish(let blob):
            attempt(blob) { () throws(StoreError) in
                try files.finish(blob)
                media.post(.event(.held(blob)))
                media.tellWaiters(blob.root)
            }
        }
    }

    private func attempt(_ blob: Blob, _ body: () throws(StoreError) -> Void) {
        do throws(StoreError) { try body() } catch {
            media.post(.complaint("media: \(error)"))
            fail(blob, error == .diskFull ? .full : .failed)
        }
    }

    private func fail(_ blob: Blob, _ failure: StoreFailure) {
        if refused.count > 4 * Limits.Blobs.wanted { refused = [] }
        refused.insert(blob)
        media.post(.event(.failed(blob, failure)))
        media.tellWaiters(blob.root)
    }

    private func begin(_ blob: Blob, _ hashes: [Hash]) throws(StoreError) {
        if files.holds(blob) {
            media.post(.event(.held(blob)))
            return media.tellWaiters(blob.root)
        }
        if !files.isBegun(blob) {
            guard try keeper.makeRoom(for: blob) else { return fail(blob, .full) }
        }
        let found = try files.begin(blob, hashes)
        media.post(.event(.begun(blob, hashes: found.hashes, present: found.present)))
    }

    private func read(_ session: SessionID, _ request: BlobRequest) {
        var piece = BlobPiece(
            blob: request.blob, part: request.part, index: request.from, bytes: [])
        if let file = files.open(request.blob.root), file.blob == request.blob,
            isNamed(request.blob.root)
        {
            switch request.part {
            case .hashes: piece.bytes = file.list.page(request.from)
            case .chunk: piece.bytes = file.chunk(request.from) ?? []
            }
        }
        media.post(.event(.read(session, piece)))
        if piece.bytes.isEmpty && files.holds(request.blob) { perform(.damaged(request.blob)) }
    }
}
