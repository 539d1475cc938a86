import Primitives
import Store

/// A program that asks to be let in.
package struct App: Sendable, Equatable {
    var number: Int64
    /// Its public name in the protocol, `client_id`.
    package var client: String
    package var name: String
    package var website: String?
    var redirects: [String]
    package var scopes: Scopes

    /// The page that this node serves: it has no secret, and nobody is sent back to it.
    package static let page = "web"
    package var isPage: Bool { number == 0 }
}

/// The tables of `access.sqlite`. Codes, tokens and secrets are there as hashes only.
///
/// Times are in seconds since 1970.
struct AccessTables: ~Copyable {
    /// A code that waits to be traded.
    struct Code {
        var app: Int64
        var identity: Bytes32
        var scopes: Scopes
        var redirect: String
        /// See `Challenge`.
        var challenge: Bytes32?
        var made: UInt64
        var isSpent = false
    }

    struct FoundToken {
        var number: Int64
        var app: Int64
        /// Nil for an app alone.
        var identity: Bytes32?
        var scopes: Scopes
        var made: UInt64
        var used: UInt64
    }

    private static let schema = """
        CREATE TABLE apps(
            number INTEGER PRIMARY KEY, client TEXT NOT NULL UNIQUE, secret BLOB NOT NULL,
            name TEXT NOT NULL, website TEXT, redirects TEXT NOT NULL, scopes TEXT NOT NULL,
            used INTEGER NOT NULL) STRICT;
        CREATE TABLE codes(
            hash BLOB PRIMARY KEY, app INTEGER NOT NULL, identity BLOB NOT NULL,
            scopes TEXT NOT NULL, redirect TEXT NOT NULL, challenge BLOB, made INTEGER NOT NULL,
            spent INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE tokens(
            number INTEGER PRIMARY KEY AUTOINCREMENT, hash BLOB NOT NULL UNIQUE,
            app INTEGER NOT NULL, identity BLOB, scopes TEXT NOT NULL, code BLOB,
            made INTEGER NOT NULL, used INTEGER NOT NULL) STRICT;
        CREATE INDEX tokens_by_app ON tokens(app);
        CREATE INDEX tokens_by_identity ON tokens(identity, used);
        CREATE TABLE settings(name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
        """

    fileprivate let database: Database
    /// Run for each request.
    private let find: Store.Statement

    init(_ path: String) throws(StoreError) {
        let database = try LedgerFile.open(
            path, application: 0x5374_4163, version: 1, schema: Self.schema)
        // No text has a hash of zeros, so no secret opens it.
        try database.run(
            """
            INSERT OR IGNORE INTO apps(number, client, secret, name, redirects, scopes, used)
            VALUES(0, '\(App.page)', zeroblob(32), 'Starling', '',
                'read write follow push profile', 0)
            """)
        find = try Store.Statement(
            database,
            "SELECT number, app, identity, scopes, made, used FROM tokens WHERE hash = ?")
        self.database = database
    }

    // MARK: Sessions

    /// Ends everything that was let in under another number of `OwnerPassword`, but for one token.
    func begin(sessions: Bytes32, keeping token: Int64 = 0) throws(StoreError) {
        let read = try Store.Statement(
            database, "SELECT value FROM settings WHERE name = 'sessions'")
        let before = try read.step() ? read.bytes32(0) : nil
        read.reset()
        if before == sessions { return }
        try database.transaction { () throws(StoreError) in
            try database.run("DELETE FROM tokens WHERE number != \(token); DELETE FROM codes")
            let write = try Store.Statement(
                database, "INSERT OR REPLACE INTO settings VALUES('sessions', ?)")
            write.bind(1, sessions)
            try write.run()
        }
    }

    // MARK: Apps

    /// False when there are as many as may be, and the owner uses them all.
    func add(_ app: App, secret: Bytes32, _ now: UInt64) throws(StoreError) -> Bool {
        try database.transaction { () throws(StoreError) in
            let count = try database.number("SELECT count(*) FROM apps WHERE number > 0") ?? 0
            if count >= Limits.Access.apps, try !dropOldestApp() { return false }
            let insert = try Store.Statement(
                database,
                """
                INSERT INTO apps(client, secret, name, website, redirects, scopes, used)
                VALUES(?, ?, ?, ?, ?, ?, ?)
                """)
            insert.bind(1, app.client)
            insert.bind(2, secret)
            insert.bind(3, app.name)
            if let website = app.website { insert.bind(4, website) }
            insert.bind(5, app.redirects.joined(separator: "\n"))
            insert.bind(6, app.scopes.text)
            insert.bind(7, Int64(clamping: now))
            try insert.run()
            return true
        }
    }

    /// Of those that no account has let in.
    private func dropOldestApp() throws(StoreError) -> Bool {
        let unused = try database.number(
            """
            SELECT number FROM apps WHERE number > 0 AND NOT EXISTS (
                SELECT 1 FROM tokens WHERE tokens.app = apps.number AND identity IS NOT NULL)
            ORDER BY used, number LIMIT 1
            """)
        guard let unused else { return false }
        try database.run(
            """
            DELETE FROM tokens WHERE app = \(unused);
            DELETE FROM codes WHERE app = \(unused);
            DELETE FROM apps WHERE number = \(unused)
            """)
        return true
    }

    func app(client: String) throws(StoreError) -> (app: App, secret: Bytes32)? {
        let read = try Store.Statement(database, Self.appRow + "client = ?")
        read.bind(1, client)
        return try Self.app(read)
    }

    func app(_ number: Int64) throws(StoreError) -> App? {
        let read = try Store.Statement(database, Self.appRow + "number = ?")
        read.bind(1, number)
        return try Self.app(read)?.app
    }

    private static let appRow =
        "SELECT number, client, secret, name, website, redirects, scopes FROM apps WHERE "

    private static func app(
        _ read: borrowing Store.Statement
    ) throws(StoreError) -> (app: App, secret: Bytes32)? {
        guard try read.step() else { return nil }
        defer { read.reset() }
        guard let client = read.text(1), let secret = read.bytes32(2), let name = read.text(3),
            let redirects = read.text(5), let scopes = try? Scopes(read.text(6) ?? "")
        else { throw .corrupt(what: "an app of the client API", place: .file) }
        let list = redirects.split(separator: "\n").map(String.init)
        return (
            App(
                number: read.int(0), client: client, name: name, website: read.text(4),
                redirects: list, scopes: scopes), secret
        )
    }

    // MARK: Codes

    func add(_ code: Code, hash: Bytes32, _ now: UInt64) throws(StoreError) {
        try database.transaction { () throws(StoreError) in
            let old = now > Limits.Access.codeSeconds ? now - Limits.Access.codeSeconds : 0
            try database.run("DELETE FROM codes WHERE made < \(old)")
            try database.run(
                """
                DELETE FROM codes WHERE hash IN (
                    SELECT hash FROM codes ORDER BY made DESC LIMIT -1
                    OFFSET \(Limits.Access.codes - 1))
                """)
            let insert = try Store.Statement(
                database, "INSERT INTO codes VALUES(?, ?, ?, ?, ?, ?, ?, 0)")
            insert.bind(1, hash)
            insert.bind(2, code.app)
            insert.bind(3, code.identity)
            insert.bind(4, code.scopes.text)
            insert.bind(5, code.redirect)
            if let challenge = code.challenge { insert.bind(6, challenge) }
            insert.bind(7, Int64(clamping: code.made))
            try insert.run()
            try touch(app: code.app, now)
        }
    }

    func code(_ hash: Bytes32) throws(StoreError) -> Code? {
        let read = try Store.Statement(
            database,
            """
            SELECT app, identity, scopes, redirect, challenge, made, spent FROM codes
            WHERE hash = ?
            """
        )
        read.bind(1, hash)
        guard try read.step() else { return nil }
        defer { read.reset() }
        guard let identity = read.bytes32(1), let scopes = try? Scopes(read.text(2) ?? ""),
            let redirect = read.text(3)
        else { throw .corrupt(what: "a code of the client API", place: .file) }
        let challenge = read.isNull(4) ? nil : read.bytes32(4)
        return Code(
            app: read.int(0), identity: identity, scopes: scopes, redirect: redirect,
            challenge: challenge, made: UInt64(clamping: read.int(5)), isSpent: read.int(6) != 0)
    }

    /// What a code was traded for ends when it is shown again: somebody else has it, too (RFC 6749
    /// §4.1.2).
    func endTokens(ofCode hash: Bytes32) throws(StoreError) {
        let delete = try Store.Statement(database, "DELETE FROM tokens WHERE code = ?")
        delete.bind(1, hash)
        try delete.run()
    }

    // MARK: Tokens

    /// A token of an account, or of the app alone. `code` is what it is traded for, and is spent by
    /// it.
    func add(
        _ token: FoundToken, hash: Bytes32, code: Bytes32?, _ now: UInt64
    ) throws(StoreError) {
        try database.transaction { () throws(StoreError) in
            if let code {
                let spend = try Store.Statement(
                    database, "UPDATE codes SET spent = 1 WHERE hash = ?")
                spend.bind(1, code)
                try spend.run()
            }
            try makeRoom(for: token.identity)
            let insert = try Store.Statement(
                database,
                """
                INSERT INTO tokens(hash, app, identity, scopes, code, made, used)
                VALUES(?, ?, ?, ?, ?, ?, ?)
                """)
            insert.bind(1, hash)
            insert.bind(2, token.app)
            if let identity = token.identity { insert.bind(3, identity) }
            insert.bind(4, token.scopes.text)
            if let code { insert.bind(5, code) }
            insert.bind(6, Int64(clamping: now))
            insert.bind(7, Int64(clamping: now))
            try insert.run()
            try touch(app: token.app, now)
        }
    }

    private func makeRoom(for identity: Bytes32?) throws(StoreError) {
        let limit = identity == nil ? Limits.Access.appTokens : Limits.Access.tokens
        let delete = try Store.Statement(
            database,
            """
            DELETE FROM tokens WHERE number IN (
                SELECT number FROM tokens WHERE identity IS ?
                ORDER BY used DESC, number DESC LIMIT -1 OFFSET \(limit - 1))
            """)
        if let identity { delete.bind(1, identity) }
        try delete.run()
    }

    func token(_ hash: Bytes32) throws(StoreError) -> FoundToken? {
        find.bind(1, hash)
        defer { find.reset() }
        guard try find.step() else { return nil }
        guard let scopes = try? Scopes(find.text(3) ?? "") else {
            throw .corrupt(what: "a token of the client API", place: .file)
        }
        return FoundToken(
            number: find.int(0), app: find.int(1), identity: find.bytes32(2), scopes: scopes,
            made: UInt64(clamping: find.int(4)), used: UInt64(clamping: find.int(5)))
    }

    func hasToken(_ number: Int64) throws(StoreError) -> Bool {
        try database.number("SELECT 1 FROM tokens WHERE number = \(number)") != nil
    }

    func touch(_ token: FoundToken, _ now: UInt64) throws(StoreError) {
        let now = Int64(clamping: now)
        try database.run("UPDATE tokens SET used = \(now) WHERE number = \(token.number)")
    }

    private func touch(app: Int64, _ now: UInt64) throws(StoreError) {
        try database.run("UPDATE apps SET used = \(Int64(clamping: now)) WHERE number = \(app)")
    }
}

/// What the owner sees of what they let in, and how they end it.
extension AccessTables {
    /// An app that is in, for one account.
    struct LetIn {
        var app: App
        var identity: Bytes32
        var tokens: Int64
        /// The first token's time, and the last use that was noted.
        var made: UInt64
        var used: UInt64
    }

    /// All of them, those that were used last first.
    func letIn() throws(StoreError) -> [LetIn] {
        let read = try Store.Statement(
            database,
            """
            SELECT app, identity, count(*), min(made), max(used) FROM tokens
            WHERE identity IS NOT NULL GROUP BY app, identity ORDER BY max(used) DESC, app
            """)
        var found: [LetIn] = []
        while try read.step() {
            guard let identity = read.bytes32(1), let app = try app(read.int(0)) else { continue }
            found.append(
                LetIn(
                    app: app, identity: identity, tokens: read.int(2),
                    made: UInt64(clamping: read.int(3)), used: UInt64(clamping: read.int(4))))
        }
        return found
    }

    /// Ends all that an app was given, but for the token of whoever asks. False when it has none.
    func remove(app number: Int64, but kept: Int64) throws(StoreError) -> Bool {
        let count =
            try database.number(
                "SELECT count(*) FROM tokens WHERE app = \(number) AND identity IS NOT NULL") ?? 0
        try database.transaction { () throws(StoreError) in
            try database.run(
                """
                DELETE FROM tokens WHERE app = \(number) AND number != \(kept);
                DELETE FROM codes WHERE app = \(number)
                """)
        }
        return count > 0
    }

    func remove(token number: Int64) throws(StoreError) {
        try database.run("DELETE FROM tokens WHERE number = \(number)")
    }
}
