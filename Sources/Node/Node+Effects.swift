import Crypto
import Feed
import MerkleLog
import Mesh
import Primitives
import Store
import Transport
import Wire

/// Carrying out what the mesh asks for.
extension Node {
    func carryOut(_ effect: Effect) {
        switch effect {
        case .dial(let address, let endpoint, let token): dial(address, endpoint, token)
        case .send(let session, let bytes): send(session, bytes)
        case .close(let session, let atOnce): close(session, atOnce)
        case .sendDatagram(let bytes, let to): network.send(datagram: bytes, to: to)
        case .store(let write, let token): store(write, token)
        case .read(let session, let stream, let request):
            waiting.append(.read(session, stream: stream, batch(request)))
        case .readFork(let session, let log):
            if let proof = forkProof(of: log) { waiting.append(.forkRead(session, proof)) }
        case .published(let token, let log, let from, let leaves):
            publishing.removeValue(forKey: token)?(
                .success(Published(log: log, from: from, leaves: leaves)))
        case .refused(let token, let refusal):
            publishing.removeValue(forKey: token)?(.failure(refusal))
        case .note(let notice): take(notice)
        case .stored(let log, let from, let to): entriesStored(log, from, to)
        case .blob(let effect): media.submit(.effect(effect))
        case .rememberAddresses(let bytes): keep(Self.addressSetting, bytes)
        case .inviteUsed(let peer, let secret, let log): guestCame(peer, secret, log)
        case .inviteSpent(let peer): inviteSpent(peer)
        }
    }

    // MARK: Store

    private func store(_ write: Write, _ token: Token) {
        switch write {
        case .extend(let found, let isOwn):
            let fence =
                isOwn
                ? StoreThread.FenceMove(
                    log: found.head.key, size: found.head.size, root: found.head.checkpoint.root)
                : nil
            let bytes = found.entries.reduce(0) { $0 + $1.encodedSizeBound }
            noteStatements(found)
            storeThread.submit(
                StoreThread.Job(write: .extend(found), token: token, fence: fence, bytes: bytes))
        case .replace(let log, let index, let entry):
            storeThread.submit(
                StoreThread.Job(
                    write: .replace(log, index: index, entry), token: token, fence: nil,
                    bytes: entry.encodedSizeBound))
        case .resume(let mark):
            storeThread.submit(
                StoreThread.Job(write: .resume(mark), token: token, fence: nil, bytes: 64))
        case .newest(let log, let batch):
            let bytes = batch?.entries.reduce(0) { $0 + $1.encodedSizeBound } ?? 0
            storeThread.submit(
                StoreThread.Job(
                    write: .newest(log, batch), token: token, fence: nil, bytes: bytes))
        case .fork(let proof):
            var encoder = CBOREncoder()
            proof.encode(into: &encoder)
            storeThread.submit(
                StoreThread.Job(
                    write: .fork(proof.log, bound: proof.bound, proof: encoder.bytes),
                    token: token, fence: nil, bytes: 0))
        }
    }

    /// What the store's thread has done.
    func take(_ answer: StoreThread.Answer) {
        switch answer {
        case .durable(let list):
            for done in list { handle(.stored(done.token, change: done.change)) }
        case .failed(let tokens, let failure, let text):
            if failure != .closed { journal.say("not stored: \(text)") }
            for token in tokens { handle(.storeFailed(token, failure)) }
        case .broken(let text): fail(.store(text))
        case .storage(let state): storageChanged(state)
        case .complaint(let text): journal.say(text)
        }
    }

    /// The entries that a peer asked for; nil when they cannot be read, which is said.
    private func batch(_ request: ReadRequest) -> Batch? {
        do throws(StoreError) {
            return try reader.batch(request)
        } catch {
            journal.say("cannot serve log \(DIDKey.encode(request.head.key)): \(error)")
            noteDamage(error)
            return nil
        }
    }

    private func forkProof(of log: LogKey) -> ForkProof? {
        do throws(StoreError) {
            return try reader.forkProof(of: log)
        } catch {
            journal.say("cannot tell of the fork of log \(DIDKey.encode(log)): \(error)")
            return nil
        }
    }

    /// Has what cannot be read fetched again.
    func noteDamage(_ error: StoreError) {
        guard case .corrupt(_, .entry(let log, let index)) = error else { return }
        waiting.append(.damaged(log, index: index))
        // Outside of an event there is nobody to take it from the queue.
        if !isHandling { handle(.tick) }
    }

    // MARK: People

    /// Remembers entries that are not posts until they are durable.
    private func noteStatements(_ found: Extension) {
        for (offset, entry) in found.entries.enumerated() where StoreMark.isMarked(entry) {
            unnoted[found.head.key, default: []].append((found.from + UInt64(offset), entry))
        }
    }

    private func entriesStored(_ log: LogKey, _ from: UInt64, _ to: UInt64) {
        answerWaiters(log, to)
        square.grew(log)
        media.named(log, from: from, to: to)
        guard let entries = unnoted[log] else { return }
        for (index, entry) in entries where index >= from && index < to {
            people.take(log, index, entry)
        }
        policyIsDue()
        let rest = entries.filter { $0.index >= to }
        unnoted[log] = rest.isEmpty ? nil : rest
        settleFollows()
    }

    private func answerWaiters(_ log: LogKey, _ size: UInt64) {
        guard !waiters.isEmpty else { return }
        for waiter in waiters where waiter.log == log && waiter.size <= size {
            waiter.reply(.done(.object(("size", .int(size)))))
        }
        waiters.removeAll { $0.log == log && $0.size <= size }
    }

    private func forkProven(_ log: LogKey, _ bound: UInt64) {
        journal.say(
            "FORK: \(DIDKey.encode(log)) signed two histories; from entry \(bound) on it counts no "
                + "more")
        do throws(StoreError) { try people.fork(log, at: bound) } catch {
            journal.say("cannot read what \(DIDKey.encode(log)) said before it forked: \(error)")
        }
        square.forked(log, at: bound)
        policyIsDue()
    }

    // MARK: Journal

    private func take(_ notice: Notice) {
        switch notice {
        case .sessionOpened(let key, let agent, let isOutbound, let skew):
            sessions[key] = SessionFacts(
                agent: agent, isOutbound: isOutbound, since: loop.now(), clockSkew: skew)
            if !isOutbound, let address = mesh.neighbour(key)?.remote?.address {
                calls[address.scope] = loop.now()
            }
            journal.say("met \(short(key)) (\(agent))")
            if abs(skew) > 10 * 60 * 1_000 {
                journal.say("its clock and ours differ by \(abs(skew) / 60_000) minutes")
            }
        case .sessionClosed(let key, let why):
            guard let key, sessions.removeValue(forKey: key) != nil else { return }
            journal.say("lost \(short(key)): \(why)")
        case .forkProven(let log, let bound):
            forkProven(log, bound)
        case .ownLogBehind(let log, let held, let published):
            journal.say(
                "this store is old: \(published) entries of \(short(log)) were published and "
                    + "\(held) are here; fetching them before anything new is signed"
            )
        case .ownLogConfirmed(let log):
            journal.say("up to date again: \(short(log)) can be written")
            settleFollows()
        case .repaired(let log, let index):
            journal.say("entry \(index) of \(short(log)) was damaged and has been put right")
        case .badBatch(let log, let peer, let why):
            journal.say("refused entries of \(short(log)) from \(short(peer)): \(why)")
        case .badBlob(let blob, let peer): badBlob(blob, peer)
        }
    }

    /// Enough of a key for a person to tell it from others.
    func short(_ key: PublicKey) -> String {
        if let name = people.name(of: people.identity(of: key, at: 0) ?? key) {
            return "\(name) (\(DIDKey.multibase(key).prefix(12))…)"
        }
        return String(DIDKey.multibase(key).prefix(12)) + "…"
    }
}
