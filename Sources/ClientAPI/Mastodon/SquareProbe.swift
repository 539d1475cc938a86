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

    /// As a request is answered: in one state of the store and the feed.
    private func bytes(
        _ answer: (Showing) throws(StoreError) -> JSONValue?
    ) throws(StoreError) -> Int {
        try square.snapshot { () throws(StoreError) in
            let showing = try Showing(
                square: square, viewer: viewer, desk: desk, now: Clock.wall, accounts: accounts)
            return try answer(showing)?.encoded.count ?? 0
        }
    }

    package func home(limit: Int) throws(StoreError) -> Int {
        try bytes { (showing) throws(StoreError) in
            let statuses = try showing.home(Paging(limit: limit))
            return statuses.count == limit ? .array(statuses.map(\.json)) : nil
        }
    }

    package func search(_ words: String) throws(StoreError) -> Int {
        try bytes { (showing) throws(StoreError) in
            let found = try showing.found(Search(words: words, limit: 40))
            return found["statuses"]?.arrayValue?.isEmpty == false ? found : nil
        }
    }

    package func thread(_ id: Int64) throws(StoreError) -> Int {
        try bytes { (showing) throws(StoreError) in
            let found = try showing.context(id)?.json
            return found?["descendants"]?.arrayValue?.isEmpty == false ? found : nil
        }
    }
}
