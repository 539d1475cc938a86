package import Content
import Crypto
package import MerkleLog
package import Primitives
package import Store

/// One person's vote, as it counts.
package struct CountedVote: Sendable {
    package let by: LogKey
    package let options: [Int]
    package let act: Act
}

/// How a poll stands among some people. Every tally says whose votes it counts.
package struct Tally: Sendable {
    package enum Circle: String, CaseIterable, Sendable {
        /// The reader and whom they follow.
        case follows
        /// Those, and whom those follow.
        case twoHops = "two-hops"
        /// Everybody whose vote is here. Nobody can tell how many of them are invented.
        case everyone
    }

    package let circle: Circle
    /// Votes for each option.
    package let counts: [Int]
    package let voters: [LogKey]
}

/// A vote that was checked from its signed entry on, whatever the feed says of it.
package struct RecountedVote: Sendable {
    package let by: LogKey
    package let reference: Reference
    package let time: UnixTime
    package let options: [Int]
    /// Why it does not count after all; nil when it does.
    package let fault: String?
}

extension Square {
    /// Each person's one vote, in order of time: of those that are in time and possible, the first
    /// by time, log key and index. `[CONT-22]`: a log that belongs to nobody has no vote.
    package func votes(_ poll: Poll, of ref: Int64) throws(StoreError) -> [CountedVote] {
        var casts: [(time: UnixTime, log: LogKey, vote: CountedVote)] = []
        for said in try feed.said(.vote, about: ref, limit: Limits.Feed.votes) {
            let (options, time) = (said.flags.options, SortID.time(of: said.id))
            guard time <= poll.closing, poll.isMultiple || options.count == 1,
                options.last ?? .max < poll.options.count, let log = try log(said.log),
                let by = try author(of: said), by != log
            else { continue }
            casts.append((time, log, CountedVote(by: by, options: options, act: said)))
        }
        casts.sort { ($0.time, $0.log, $0.vote.act.index) < ($1.time, $1.log, $1.vote.act.index) }
        var seen: Set<LogKey> = []
        return casts.map(\.vote).filter { seen.insert($0.by).inserted }
    }

    /// The tallies of a poll for a reader; without one, only everyone's.
    package func tallies(
        _ view: NoteView, for reader: Reader?
    ) throws(StoreError) -> [Tally] {
        guard let poll = view.first.poll else { return [] }
        let votes = try votes(poll, of: view.act.ref)
        return Tally.Circle.allCases.compactMap { circle in
            guard circle == .everyone || reader != nil else { return nil }
            let counted = votes.filter { vote in
                guard let reader else { return true }
                switch circle {
                case .follows: return reader.distance(to: vote.by) <= 1
                case .twoHops: return reader.distance(to: vote.by) <= 2
                case .everyone: return true
                }
            }
            var counts = Array(repeating: 0, count: poll.options.count)
            for vote in counted { for option in vote.options { counts[option] += 1 } }
            return Tally(circle: circle, counts: counts, voters: counted.map(\.by))
        }
    }

    /// Checks each vote of a poll from its signed entry on: the log's signature, the entry's place
    /// in the tree, that the device is the person's, and that what was signed is this vote.
    package func recount(_ view: NoteView) throws(StoreError) -> [RecountedVote] {
        guard let poll = view.first.poll else { return [] }
        var found: [RecountedVote] = []
        for vote in try votes(poll, of: view.act.ref) {
            guard let (_, reference, time) = try entry(vote.act) else { continue }
            found.append(
                RecountedVote(
                    by: vote.by, reference: reference, time: time, options: vote.options,
                    fault: try fault(vote, reference, poll, view)))
        }
        return found
    }

    private func fault(
        _ vote: CountedVote, _ reference: Reference, _ poll: Poll, _ view: NoteView
    ) throws(StoreError) -> String? {
        let addition = people.addition(of: reference.log, by: vote.by)
        let binding = try addition.flatMap { (at) throws(StoreError) in
            try store.binding(of: reference.log, identity: vote.by, addedAt: at)
        }
        guard let made = try store.proof(of: reference, binding: binding) else {
            return "its log is still on its way"
        }
        let proof: ProofFile
        do throws(LogError) { proof = try ProofFile(verifying: made.text) } catch {
            return "the proof does not hold: \(error)"
        }
        guard proof.reference == reference, let body = proof.body,
            case .vote(let signed)? = try? Content(body: body)
        else { return "its log has no vote there" }
        if proof.author != vote.by { return "nothing shows that its log is that person's" }
        if signed.poll != view.reference { return "it is a vote in another poll" }
        if signed.options != vote.options { return "it is a vote for other options" }
        let header = try? EntryHeader(decoding: proof.header)
        guard let header, header.time <= poll.closing else { return "it came too late" }
        return nil
    }
}
