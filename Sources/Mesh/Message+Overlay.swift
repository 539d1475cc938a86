import MerkleLog
import Primitives
import Wire

/// What overlays say to each other, `Protocol/overlay.md`: HyParView's messages, with the addresses
/// of the peers that they name.
extension Message {
    func encodeOverlay(into encoder: inout CBOREncoder) {
        switch self {
        case .join(let mine):
            encoder.begin(2, type: 21)
            encoder.endpoints(mine)
        case .forwardJoin(let new, let ttl):
            encoder.begin(3, type: 22)
            encoder.contact(new)
            encoder.uint(ttl)
        case .neighbor(let high, let mine):
            encoder.begin(3, type: 23)
            encoder.bool(high)
            encoder.endpoints(mine)
        case .neighborReply(let accepted):
            encoder.begin(2, type: 24)
            encoder.bool(accepted)
        case .disconnect: encoder.begin(1, type: 25)
        case .shuffle(let nonce, let origin, let ttl, let nodes):
            encoder.begin(5, type: 26)
            encoder.uint(nonce)
            encoder.contact(origin)
            encoder.uint(ttl)
            encoder.contacts(nodes)
        case .shuffleReply(let nonce, let nodes):
            encoder.begin(3, type: 27)
            encoder.uint(nonce)
            encoder.contacts(nodes)
        default: preconditionFailure("no overlay message: \(self)")
        }
    }

    static func readOverlay(
        _ type: UInt64, _ decoder: inout CBORDecoder
    ) throws(WireError) -> Message {
        switch type {
        case 21: return .join(try decoder.endpoints())
        case 22:
            let new = try decoder.contact()
            return .forwardJoin(new: new, ttl: try decoder.timeToLive())
        case 23:
            let high = try decoder.bool()
            return .neighbor(high: high, try decoder.endpoints())
        case 24: return .neighborReply(accepted: try decoder.bool())
        case 25: return .disconnect
        case 26:
            let nonce = try decoder.uint()
            let origin = try decoder.contact()
            let ttl = try decoder.timeToLive()
            return .shuffle(
                nonce: nonce, origin: origin, ttl: ttl, nodes: try decoder.contacts())
        case 27:
            let nonce = try decoder.uint()
            return .shuffleReply(nonce: nonce, nodes: try decoder.contacts())
        default: throw .malformed
        }
    }
}

extension CBOREncoder {
    fileprivate mutating func contacts(_ list: [Contact]) {
        array(list.count)
        for item in list { contact(item) }
    }

    fileprivate mutating func contact(_ contact: Contact) {
        array(2)
        bytes(contact.key)
        endpoints(contact.endpoints)
    }

    /// Each as its address of 4 or 16 bytes, and its port. Zones mean nothing to others.
    fileprivate mutating func endpoints(_ list: [Endpoint]) {
        array(list.count)
        for endpoint in list {
            array(2)
            bytes(endpoint.address.bytes)
            uint(UInt64(endpoint.port))
        }
    }
}

extension CBORDecoder {
    fileprivate mutating func contacts() throws(WireError) -> [Contact] {
        var list: [Contact] = []
        for _ in 0..<(try array(max: Limits.Overlay.nodesPerMessage)) {
            list.append(try contact())
        }
        return list
    }

    fileprivate mutating func contact() throws(WireError) -> Contact {
        try array(exactly: 2)
        let key = try bytes32()
        return Contact(key: key, endpoints: try endpoints())
    }

    fileprivate mutating func endpoints() throws(WireError) -> [Endpoint] {
        var list: [Endpoint] = []
        for _ in 0..<(try array(max: Limits.Addresses.endpoints)) {
            try array(exactly: 2)
            guard let address = IPAddress(try byteString(max: 16)) else {
                throw .malformed
            }
            let port = try uint(max: UInt64(UInt16.max))
            if port == 0 { throw .malformed }
            list.append(Endpoint(address, port: UInt16(port)))
        }
        return list
    }

    fileprivate mutating func timeToLive() throws(WireError) -> Int {
        try count(max: Limits.Overlay.timeToLive)
    }
}
