package import Feed
package import MerkleLog
import Node
import Primitives
package import Store

/// The answers of the API without a server around them: for benchmarks. Each gives how many bytes
/// of JSON it made.
package struct SquareProbe {
    private let square: Square
    private let desk: Desk
    private let viewer: Viewer
    private let accounts = AccountCache()

    package init(_ square: Square, _ desk: Desk, reader: LogKey) {
        self.square = square
        self.desk = desk
        let account = Account(name: "reader", identity: reader, device: reader)
        viewer = Viewer(account: account, base: "http://localhost:4647", accounts: [account])
    }

    private func showing() throws(StoreError) -> Showing {
        try Showing(
            square: square, viewer: viewer, desk: desk, now: Clock.wall, accounts: accounts)
    }

    package func home(limit: Int) throws(StoreError) -> Int {
        let statuses = try showing().home(Paging(limit: limit))
        return statuses.count == limit ? JSONValue.array(statuses.map(\.json)).encoded.count : 0
    }

    package func search(_ words: String) throws(StoreError) -> Int {
        let found = try showing().found(Search(words: words, limit: 40))
        return found["statuses"]?.arrayValue?.isEmpty == false ? found.encoded.count : 0
    }

    package func thread(_ id: Int64) throws(StoreError) -> Int {
        let found = try showing().context(id)?.json
        return found?["descendants"]?.arrayValue?.isEmpty == false ? found?.encoded.count ?? 0 : 0
    }
}
