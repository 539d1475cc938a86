import MerkleLog
import Primitives

extension People {
    /// Whether somebody follows an identity.
    struct Follow {
        var identity: LogKey
        var isOn: Bool
    }

    /// Whom one log follows: its latest word on each of the identities that it spoke of last, as
    /// many as count: `[CONT-28]`.
    ///
    /// Which these are depends on what the log says, and not on the order in which it is told: who
    /// was let go is behind so many others for good.
    struct Follows {
        private struct Place {
            var word: Word<Follow>
            var isReplaced = false
        }

        /// By index, from `start` on. Those that a later word replaced stay until they are more
        /// than the others.
        private var places: [Place] = []
        private var start = 0
        private var replaced = 0
        /// The index of the latest word on an identity.
        private var latest: [LogKey: UInt64] = [:]

        /// What a word changed.
        struct Change {
            /// It is the first one on its identity that counts.
            var isNew = false
            /// Whom the log spoke of last so long ago that it counts no more.
            var letGo: LogKey?
        }

        /// The words that count, by index.
        var words: [Word<Follow>] {
            places[start...].compactMap { $0.isReplaced ? nil : $0.word }
        }

        /// The word on `identity`.
        func word(on identity: LogKey) -> Word<Follow>? {
            guard let index = latest[identity] else { return nil }
            let at = place(of: index)
            return at < places.count ? places[at].word : nil
        }

        /// Takes a word, which may be told again and be older than others; nil when it says
        /// nothing.
        mutating func take(
            _ word: Word<Follow>, atMost limit: Int = ContentLimits.follows
        ) -> Change? {
            let identity = word.said.identity
            var change = Change()
            if let before = latest[identity] {
                guard before < word.index else { return nil }
                replace(before)
            } else {
                change.isNew = true
                if latest.count >= limit, start < places.count {
                    let lowest = places[start].word
                    guard lowest.index < word.index else { return nil }
                    replace(lowest.index)
                    latest[lowest.said.identity] = nil
                    change.letGo = lowest.said.identity
                }
            }
            latest[identity] = word.index
            places.insert(Place(word: word), at: place(of: word.index))
            tidy()
            return change
        }

        private mutating func replace(_ index: UInt64) {
            let at = place(of: index)
            guard at < places.count else { return }
            places[at].isReplaced = true
            replaced += 1
        }

        /// Where the word at `index` stands, or would stand.
        private func place(of index: UInt64) -> Int {
            guard let last = places.last, last.word.index >= index else { return places.count }
            var (low, high) = (start, places.count)
            while low < high {
                let middle = (low + high) / 2
                if places[middle].word.index < index { low = middle + 1 } else { high = middle }
            }
            return low
        }

        private mutating func tidy() {
            while start < places.count, places[start].isReplaced { start += 1 }
            guard replaced > latest.count else { return }
            places.removeAll { $0.isReplaced }
            (start, replaced) = (0, 0)
        }
    }
}
