import Crypto
package import Primitives

/// Where other nodes are, kept so that an attacker with many addresses cannot fill it.
///
/// After Bitcoin Core's addrman (src/addrman.h; Heilman, Kendler, Zohar, Goldberg, "Eclipse Attacks
/// on Bitcoin's Peer-to-Peer Network", USENIX Security 2015, §7): what was heard of stands in *new*
/// buckets, what was reached in *tried* ones. A hash under a secret of this node says in which one:
/// for new ones of the address's network group and the source's, for tried ones of its own group.
/// So whoever speaks from few groups fills few buckets, whatever it says; and `choose` draws a
/// bucket first.
///
/// Deviations from addrman: an address has one place, not up to eight; an address belongs to a node
/// key, and a key has up to four of them; nobody is dialled only to make room. An entry gives way
/// only after a dial to it has failed, so a tried one that answers is never replaced.
package struct AddressTable: Sendable {
    /// Of this node alone, and never said: who knows it can aim at buckets.
    let secret: Bytes32
    /// Entries by number; a number is free when nil.
    private(set) var entries: [Entry?] = []
    private var free: [Int] = []
    /// Numbers of entries, by slot: `newSlots` for each bucket, one after the other.
    private var new: [Int?]
    private var tried: [Int?]
    /// Entries of each key: tried ones first, of each kind IPv6 first.
    private var ofKey: [Bytes32: [Int]] = [:]
    /// Long-lived outbound peers, dialled first at the next start.
    package private(set) var anchors: [Bytes32] = []
    /// Whether anything is to be written since `markSaved`.
    package private(set) var isChanged = false
    package private(set) var triedCount = 0
    package private(set) var newCount = 0

    /// One endpoint of one peer.
    struct Entry: Hashable, Sendable {
        var key: Bytes32
        var endpoint: Endpoint
        /// The group of whoever told of it first.
        var source: NetworkGroup
        var isTried = false
        /// Dials in vain since it was last reached.
        var failures: UInt8 = 0
        /// Not dialled by choice before this; of this run only.
        var restsUntil = Instant(nanoseconds: 0)
    }

    package init(secret: Bytes32) {
        self.secret = secret
        new = Array(repeating: nil, count: Limits.Addresses.newBuckets * Limits.Addresses.newSlots)
        tried = Array(
            repeating: nil, count: Limits.Addresses.triedBuckets * Limits.Addresses.triedSlots)
    }

    /// Peers with an address here.
    package var peerCount: Int { ofKey.count }

    package mutating func markSaved() { isChanged = false }

    // MARK: Hearing of addresses

    /// Takes what somebody at `source` tells of a peer; how many endpoints were new.
    @discardableResult
    package mutating func learn(_ contact: Contact, from source: IPAddress) -> Int {
        var count = 0
        for endpoint in contact.endpoints.prefix(Limits.Addresses.endpoints)
        where endpoint.isDialable(toldBy: source) {
            let entry = Entry(
                key: contact.key, endpoint: endpoint, source: NetworkGroup(source))
            if addNew(entry) { count += 1 }
        }
        return count
    }

    private mutating func addNew(_ entry: Entry) -> Bool {
        let known = ofKey[entry.key] ?? []
        guard !known.contains(where: { entries[$0]?.endpoint == entry.endpoint }) else {
            return false
        }
        if known.count >= Limits.Addresses.endpoints {
            guard let worst = dispensable(known, for: entry.source) else { return false }
            remove(worst)
        }
        return placeNew(entry)
    }

    /// Which hint of a peer gives way to another one from `source`: one that has failed, or one of
    /// several that another single source told. Never one that was proven.
    private func dispensable(_ known: [Int], for source: NetworkGroup) -> Int? {
        if let failed = known.last(where: { hasFailedAsNew($0) }) { return failed }
        let hints = known.filter { entries[$0]?.isTried == false }
        if hints.contains(where: { entries[$0]?.source == source }) { return nil }
        return hints.last { hint in
            hints.count { entries[$0]?.source == entries[hint]?.source } > 1
        }
    }

    private func hasFailedAsNew(_ number: Int) -> Bool {
        guard let entry = entries[number] else { return false }
        return !entry.isTried && entry.failures > 0
    }

    private mutating func placeNew(_ entry: Entry) -> Bool {
        let slot = newSlot(entry)
        if let holder = new[slot] {
            guard hasFailedAsNew(holder) else { return false }
            remove(holder)
        }
        let number = insert(entry)
        new[slot] = number
        newCount += 1
        return true
    }

    // MARK: Dialling

    /// A dial to an endpoint begins at `now`: it rests for a while, whatever comes of it.
    package mutating func attempted(_ key: Bytes32, _ endpoint: Endpoint, at now: Instant) {
        guard let number = number(of: key, endpoint), var entry = entries[number] else { return }
        let doublings = UInt64(min(entry.failures, 20))
        let rest = Instant.Span(nanoseconds: Limits.Addresses.restFirst.nanoseconds << doublings)
        entry.restsUntil = now + min(rest, Limits.Addresses.restLast)
        entries[number] = entry
    }

    /// A handshake has proven that the peer is there.
    package mutating func succeeded(_ key: Bytes32, _ endpoint: Endpoint) {
        guard endpoint.port != 0, endpoint.address.namesAMachine else { return }
        if let number = number(of: key, endpoint) {
            if entries[number]?.isTried == true {
                if entries[number]?.failures != 0 { isChanged = true }
                entries[number]?.failures = 0
                return
            }
            entries[number]?.failures = 0
            promote(number)
            return
        }
        // Not heard of, or forgotten: what was reached is its own source.
        let source = NetworkGroup(endpoint.address)
        let known = ofKey[key] ?? []
        if known.count >= Limits.Addresses.endpoints {
            // The last is a hint if there is one, else what failed most.
            let worst = known.last { entries[$0]?.isTried == false }
            guard let worst = worst ?? known.max(by: { failures($0) < failures($1) }) else {
                return
            }
            remove(worst)
        }
        let number = insert(Entry(key: key, endpoint: endpoint, source: source))
        newCount += 1
        if !promote(number) { settle(number) }
    }

    private func failures(_ number: Int) -> UInt8 { entries[number]?.failures ?? 0 }

    /// From new to tried. False when a tried entry that answers has the place: then it stays.
    @discardableResult
    private mutating func promote(_ number: Int) -> Bool {
        guard let entry = entries[number] else { return false }
        let slot = triedSlot(entry)
        if let holder = tried[slot] {
            guard failures(holder) > 0 else { return false }
            demote(holder, slot)
        }
        let place = newSlot(entry)
        if new[place] == number { new[place] = nil }
        tried[slot] = number
        entries[number]?.isTried = true
        newCount -= 1
        triedCount += 1
        sort(entry.key)
        isChanged = true
        return true
    }

    /// From tried back to new, where it may find no room.
    private mutating func demote(_ number: Int, _ slot: Int) {
        tried[slot] = nil
        triedCount -= 1
        newCount += 1
        entries[number]?.isTried = false
        settle(number)
        if let key = entries[number]?.key { sort(key) }
    }

    /// Gives an entry that stands nowhere its new place, or forgets it.
    private mutating func settle(_ number: Int) {
        guard let entry = entries[number] else { return }
        let place = newSlot(entry)
        if let holder = new[place] {
            guard hasFailedAsNew(holder) else { return remove(number) }
            remove(holder)
        }
        new[place] = number
    }

    /// A dial was in vain, though this node's own network works.
    package mutating func failed(_ key: Bytes32, _ endpoint: Endpoint) {
        guard let number = number(of: key, endpoint), var entry = entries[number] else { return }
        entry.failures = min(entry.failures, .max - 1) + 1
        entries[number] = entry
        isChanged = true
        let most =
            entry.isTried ? Limits.Addresses.failuresOfTried : Limits.Addresses.failuresOfNew
        if entry.failures >= most { remove(number) }
    }

    /// Nothing is known of the peer any more.
    package mutating func forget(_ key: Bytes32) {
        for number in ofKey[key] ?? [] { remove(number) }
        if anchors.contains(key) {
            anchors.removeAll { $0 == key }
            isChanged = true
        }
    }

    // MARK: Asking

    /// Where a peer may be reached: what was proven first, and IPv6 before IPv4.
    package func contact(of key: Bytes32) -> Contact? {
        guard let numbers = ofKey[key] else { return nil }
        return Contact(key: key, endpoints: numbers.compactMap { entries[$0]?.endpoint })
    }

    /// Whether a peer was reached at one of its addresses.
    package func isProven(_ key: Bytes32) -> Bool {
        (ofKey[key] ?? []).contains { entries[$0]?.isTried == true }
    }

    /// A peer to dial, out of tried and new addresses alike: with no endpoint in `groups`, and none
    /// that rests at `now` or that `excluding` names. Nil when a good number of draws finds none.
    package func choose(
        using random: inout some RandomNumberGenerator, at now: Instant,
        avoiding groups: [NetworkGroup] = [], excluding: (Bytes32) -> Bool = { _ in false }
    ) -> Contact? {
        for _ in 0..<64 {
            let fromTried = newCount == 0 || (triedCount > 0 && random.next() & 1 == 0)
            guard let entry = draw(fromTried, using: &random) else { continue }
            guard entry.restsUntil <= now, !excluding(entry.key),
                !groups.contains(NetworkGroup(entry.endpoint.address)),
                var contact = contact(of: entry.key)
            else { continue }
            contact.endpoints.removeAll { groups.contains(NetworkGroup($0.address)) }
            return contact
        }
        return nil
    }

    /// Some entry of a bucket drawn among those that are not empty.
    private func draw(
        _ fromTried: Bool, using random: inout some RandomNumberGenerator
    ) -> Entry? {
        let slots = fromTried ? Limits.Addresses.triedSlots : Limits.Addresses.newSlots
        let table = fromTried ? tried : new
        let buckets = table.count / slots
        var bucket = 0
        for draw in 0..<(32 + buckets) {
            // Most buckets of a small table are empty: after some draws, one after the other.
            bucket =
                draw < 32 ? Int.random(in: 0..<buckets, using: &random) : (bucket + 1) % buckets
            let numbers = table[(bucket * slots)..<((bucket + 1) * slots)].compactMap { $0 }
            if let number = numbers.randomElement(using: &random) { return entries[number] }
        }
        return nil
    }

    /// Up to `count` different peers, drawn as `choose` draws: what may be told to others.
    package func sample(
        _ count: Int, using random: inout some RandomNumberGenerator
    ) -> [Contact] {
        var out: [Contact] = []
        for _ in 0..<(8 * count) where out.count < count {
            let fromTried = newCount == 0 || (triedCount > 0 && random.next() & 1 == 0)
            guard let entry = draw(fromTried, using: &random),
                !out.contains(where: { $0.key == entry.key }),
                let contact = contact(of: entry.key)
            else { continue }
            out.append(contact)
        }
        return out
    }

    /// Keeps these as the ones to dial first at the next start; only proven ones.
    package mutating func setAnchors(_ keys: [Bytes32]) {
        let proven = Array(keys.filter { isProven($0) }.prefix(Limits.Addresses.anchors))
        if proven == anchors { return }
        anchors = proven
        isChanged = true
    }

    // MARK: Places

    private func number(of key: Bytes32, _ endpoint: Endpoint) -> Int? {
        (ofKey[key] ?? []).first { entries[$0]?.endpoint == endpoint }
    }

    private mutating func insert(_ entry: Entry) -> Int {
        let number: Int
        if let reused = free.popLast() {
            number = reused
            entries[number] = entry
        } else {
            number = entries.count
            entries.append(entry)
        }
        ofKey[entry.key, default: []].append(number)
        sort(entry.key)
        isChanged = true
        return number
    }

    private mutating func remove(_ number: Int) {
        guard let entry = entries[number] else { return }
        if entry.isTried {
            let slot = triedSlot(entry)
            if tried[slot] == number { tried[slot] = nil }
            triedCount -= 1
        } else {
            let slot = newSlot(entry)
            if new[slot] == number { new[slot] = nil }
            newCount -= 1
        }
        entries[number] = nil
        free.append(number)
        let rest = (ofKey[entry.key] ?? []).filter { $0 != number }
        ofKey[entry.key] = rest.isEmpty ? nil : rest
        isChanged = true
    }

    private mutating func sort(_ key: Bytes32) {
        guard let numbers = ofKey[key], numbers.count > 1 else { return }
        func rank(_ number: Int) -> Int {
            guard let entry = entries[number] else { return 4 }
            return (entry.isTried ? 0 : 2) + (entry.endpoint.address.isIPv4 ? 1 : 0)
        }
        ofKey[key] = numbers.sorted { (rank($0), $0) < (rank($1), $1) }
    }

    /// Group and source choose one of `bucketsOfSource` for the source, and that one a bucket.
    private func newSlot(_ entry: Entry) -> Int {
        let group = NetworkGroup(entry.endpoint.address).prefix
        let source = entry.source.prefix
        let inner = hash(1, [group, source], 0) % UInt64(Limits.Addresses.bucketsOfSource)
        let bucket = hash(2, [source], inner) % UInt64(Limits.Addresses.newBuckets)
        let place = hash(3, entry, bucket) % UInt64(Limits.Addresses.newSlots)
        return Int(bucket) * Limits.Addresses.newSlots + Int(place)
    }

    private func triedSlot(_ entry: Entry) -> Int {
        let group = NetworkGroup(entry.endpoint.address).prefix
        let inner = hash(4, entry, 0) % UInt64(Limits.Addresses.bucketsOfGroup)
        let bucket = hash(5, [group], inner) % UInt64(Limits.Addresses.triedBuckets)
        let place = hash(6, entry, bucket) % UInt64(Limits.Addresses.triedSlots)
        return Int(bucket) * Limits.Addresses.triedSlots + Int(place)
    }

    private func hash(_ use: UInt64, _ entry: Entry, _ number: UInt64) -> UInt64 {
        let key = entry.key
        let words = [key.w0, key.w1, key.w2, key.w3, UInt64(entry.endpoint.port)]
        return hash(use, [entry.endpoint.address], number, words)
    }

    /// SHA-256 of the secret and fixed-width words: nobody sees a result, so nothing is extended.
    private func hash(
        _ use: UInt64, _ addresses: [IPAddress], _ number: UInt64, _ more: [UInt64] = []
    ) -> UInt64 {
        var words = [secret.w0, secret.w1, secret.w2, secret.w3, use, number]
        for address in addresses { words += [address.high, address.low] }
        words += more
        var bytes: [UInt8] = []
        bytes.reserveCapacity(8 * words.count)
        for word in words {
            for shift in stride(from: UInt64(56), through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        return SHA256.hash(bytes).w0
    }
}

extension AddressTable {
    /// Puts back what was on disk, where it belongs under the secret; false when it has no room.
    mutating func restore(_ entry: Entry) -> Bool {
        guard (ofKey[entry.key] ?? []).count < Limits.Addresses.endpoints,
            number(of: entry.key, entry.endpoint) == nil
        else { return false }
        var entry = entry
        let isTried = entry.isTried
        entry.isTried = false
        if isTried {
            guard tried[triedSlot(entry)] == nil else { return false }
            let number = insert(entry)
            newCount += 1
            return promote(number)
        }
        guard new[newSlot(entry)] == nil else { return false }
        return placeNew(entry)
    }

    mutating func restore(anchors keys: [Bytes32]) { anchors = keys }
}

extension AddressTable: CustomStringConvertible {
    package var description: String { "\(triedCount) tried and \(newCount) new addresses" }
}
