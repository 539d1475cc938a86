package import Crypto
package import MerkleLog
import Store
import Wire

/// An identity that this node posts for, and the device log that only this node writes.
package struct Account: Hashable, Sendable {
    /// What the owner calls it: `--as NAME`.
    package var name: String
    /// The first root key: the identity.
    package var identity: PublicKey
    package var device: LogKey

    package init(name: String, identity: PublicKey, device: LogKey) {
        self.name = name
        self.identity = identity
        self.device = device
    }

    /// The name of the setting that holds all accounts.
    static let setting = "accounts"

    static func encode(_ accounts: [Account]) -> [UInt8] {
        var encoder = CBOREncoder()
        encoder.array(accounts.count)
        for account in accounts {
            encoder.array(3)
            encoder.text(account.name)
            encoder.bytes(account.identity)
            encoder.bytes(account.device)
        }
        return encoder.bytes
    }

    static func decode(_ bytes: [UInt8]) throws(WireError) -> [Account] {
        var decoder = CBORDecoder(bytes)
        var accounts: [Account] = []
        for _ in 0..<(try decoder.array(max: 1_024)) {
            try decoder.array(exactly: 3)
            let name = try decoder.text(max: 64)
            let identity = try decoder.bytes32()
            accounts.append(
                Account(name: name, identity: identity, device: try decoder.bytes32()))
        }
        try decoder.finish()
        return accounts
    }

    /// Names are file names, too: letters, digits, and a few marks between them.
    static func checkName(_ name: String) throws(NodeError) {
        let scalars = name.unicodeScalars
        let fine = scalars.allSatisfy {
            $0.properties.isAlphabetic || $0.properties.numericType != nil
                || "-_. ".unicodeScalars.contains($0)
        }
        guard fine, !name.isEmpty, name.utf8.count <= 64, name.first != ".", name.first != " "
        else {
            throw .badRequest(
                "a name has 1 to 64 letters, digits, spaces or - _ . and does not begin with a dot")
        }
    }
}
