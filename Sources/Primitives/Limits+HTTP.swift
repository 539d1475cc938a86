extension Limits {
    /// The HTTP server of the client API.
    package enum HTTP {
        // MARK: Heads

        /// Bytes of memory for one connection: a head, and the part of a body that is under way.
        /// Twice a head, because the library keeps an index of the fields behind them.
        package static let connectionMemory = 48 << 10
        /// Bytes of a target. Guess: searches and lists of ids are the longest; most servers take
        /// 8 KiB.
        package static let target = 8 << 10
        /// Segments of a path, and bytes of one: an identifier in hexadecimal has 128.
        package static let segments = 16
        package static let segment = 512
        /// Fields of a head: browsers send some 20.
        package static let fields = 64
        package static let fieldName = 128
        package static let fieldValue = 8 << 10
        /// Bytes of all fields together: the connection's memory holds them and the target.
        package static let head = 20 << 10

        // MARK: Bodies

        /// Bytes of a body that is kept in memory: a post of 64 KiB, each byte of it written as
        /// `\u0000` in JSON, and as much for the rest of it.
        package static let body = 512 << 10
        /// Bytes of an upload. Guess: what a phone's camera makes of a minute, as small servers
        /// take.
        package static let upload = 40 << 20
        /// Bytes of an upload that stay in memory; what follows goes to a file.
        package static let bodyInMemory = 64 << 10
        /// Bytes of an archive of another service, with all its pictures. Guess: twenty years of
        /// one person; what is larger is brought along by the command line.
        package static let archive = 8 << 30
        /// Archives at once.
        package static let archives = 1
        /// Bytes of all bodies in memory together: 64 of the largest.
        package static let bodies = 32 << 20
        /// Uploads at once: 320 MiB of disk at most.
        package static let uploads = 8
        /// Bytes read on behind a body's cap, so that the answer is not lost with the connection.
        package static let discard = 1 << 20

        /// Levels of JSON (THREATS row 10); the API's own bodies have three.
        package static let jsonDepth = 8
        /// Values in one JSON text. Each takes some 50 bytes.
        package static let jsonValues = 16_384
        /// Names and values in a query or a form. Guess: the most that any request has is some 80.
        package static let parameters = 1_024
        /// Levels of a parameter's name: `a[b][]` has three. The API has three at most.
        package static let parameterDepth = 6
        package static let parameterName = 256
        /// Parts of a multipart body, and bytes of the head of one.
        package static let parts = 256
        package static let partHead = 4 << 10
        /// A boundary's bytes (RFC 2046 §5.1.1).
        package static let boundary = 70
        /// Bytes of a file's name: what file systems take.
        package static let fileName = 255
        /// Bytes read from a body's file at once.
        package static let window = 64 << 10

        // MARK: Connections

        /// Connections at once. Guess: a household's browsers and phones take six each.
        package static let connections = 256
        /// And never more than this part of the descriptors that the process may have, since each
        /// may have a file open as well: one of four.
        package static let descriptorShare = 4
        /// Connections of one address, so that one cannot take them all. Behind a proxy all come
        /// from one: half.
        package static let connectionsOfAddress = 128
        /// Connections taken above the bounds while older ones, which have asked for nothing, are
        /// being closed for them.
        package static let closing = 32
        /// Connections that wait in the kernel.
        package static let backlog = 128
        /// Requests on one connection. Guess: none lives for ever, and few are opened anew.
        package static let requestsOfConnection = 1_000

        // MARK: Time

        /// From accepting a connection, or the end of an answer, to the end of the next head: an
        /// absolute deadline (THREATS row 9).
        package static let headDeadline = Instant.Span.seconds(10)
        /// From a request's first line to the end of its body, small or uploaded. An upload of
        /// 40 MiB in it takes a line of 1.1 Mbit/s.
        package static let bodyDeadline = Instant.Span.seconds(10)
        package static let uploadDeadline = Instant.Span.seconds(300)
        /// For the archive of another service: 1 GiB in it takes a line of 2.4 Mbit/s.
        package static let archiveDeadline = Instant.Span.seconds(3_600)
        /// For a client to take an answer: as long as to upload as much.
        package static let answerDeadline = Instant.Span.seconds(300)
        /// How often deadlines are looked at, and so how late one is at most.
        package static let tick = Instant.Span.milliseconds(250)
        /// On stopping, answers under way are given so long.
        package static let stopGrace = Instant.Span.seconds(1)

        // MARK: Work

        /// Threads that answer requests. Reads of the store take some milliseconds and wait for the
        /// disk: more threads than cores help, many more do not. Guess.
        package static let workers = 4
        /// Requests that wait for a thread. At 5 ms each the last waits 160 ms.
        package static let waiting = 128

        // MARK: Streams

        /// Event streams at once: half of the connections, so that questions are still answered.
        package static let streams = 128
        /// Bytes that wait for a client to take them: some 200 posts of an event stream.
        package static let streamQueue = 1 << 20
        /// Bytes handed to the library at once.
        package static let streamBlock = 16 << 10
        /// With nothing to say for so long, a beat is sent: it keeps proxies from closing the
        /// stream, and finds clients that are gone. Mastodon's period.
        package static let streamBeat = Instant.Span.seconds(15)
        /// A client that takes nothing of what waits for so long is dropped.
        package static let streamStall = Instant.Span.seconds(30)

        /// How often it is looked at whether a stream's token still holds: a look costs some
        /// microseconds, and nobody notices a second.
        package static let streamCheck = Instant.Span.seconds(1)

        // MARK: Rates

        /// Requests of one token in each period: ten times Mastodon's, whose servers have thousands
        /// of people. Every token here is the owner's own, and their page asks how the mesh is
        /// every other second.
        package static let tokenRequests = 3_000
        /// Requests of one address in each period: Mastodon's 7,500 in five minutes; a page loads
        /// dozens of pictures.
        package static let addressRequests = 7_500
        package static let ratePeriod = Instant.Span.seconds(300)
        /// Tokens and addresses that are counted, each; the fullest allowance is forgotten first.
        package static let rated = 4_096
        /// How long a browser may remember what other pages are allowed here: Mastodon's day.
        package static let preflightSeconds = 86_400

        // What the routes give and keep.

        /// Bytes from which on a text is sent as gzip: below, the head is most of an answer.
        package static let compressed = 1_000
        /// Rows of one kind that a reader keeps: bookmarks, people hidden, members of lists. Guess:
        /// some megabytes.
        package static let deskRows = 10_000
        /// A post sent again under the same key within this is the same: Mastodon's hour.
        package static let idempotency = Instant.Span.seconds(3_600)
        package static let idempotencyKeys = 1_000
        /// Seconds that a picture which is not here is waited for, and how many requests wait so at
        /// a time: each holds one of the threads that answer everybody.
        package static let mediaWait = 5
        package static let mediaWaits = 1
        /// Accounts whose JSON is kept: some 4 KiB each.
        package static let accountsKept = 2_048
        /// Looks at the next rows when those before came to nothing.
        package static let pageTries = 20
        /// How long a poll may be open: a year.
        package static let pollSeconds = 31_536_000
        /// Of a thread, upwards and downwards. Mastodon's, for readers who are signed in, is 4,096.
        package static let ancestors = 100
        package static let descendants = 1_000
        /// Bytes of a reader's own words on somebody: Mastodon's characters.
        package static let noteOnPerson = 2_000
        /// Recipes that one reader chose: they all stand in one menu.
        package static let recipesChosen = 50
        /// Of what changed about somebody, the newest that are told. Guess.
        package static let changes = 200
        /// Seconds for which somebody may be muted: a hundred years.
        package static let muteSeconds: Int64 = 3_153_600_000
        /// Words and posts of one filter. Guess.
        package static let filterWords = 200
        /// The newest posts that a recipe puts in order: some ten screens.
        package static let ranked = 200
        /// What is older is no news to an event stream; and of very much at once it hears the end.
        package static let newsSpan = Instant.Span.seconds(600)
        package static let newsAtOnce = 64
    }

    /// The first run, and the pictures that strangers' screens show.
    package enum Setup {
        /// Words that the owner shows to have written down, of the 24.
        package static let wordsAsked = 3
        /// Wrong answers in a period: nobody guesses a word of 2,048, and nobody types for ever.
        package static let tries = 10
        package static let triesPeriod = Instant.Span.seconds(300)
        /// Bytes of the file that has the recovery words.
        package static let wordsFile = 16_384
        /// Bytes of a text that becomes a QR code: an invite's. The largest code takes 2,331 with
        /// this much correction.
        package static let codeText = 1_024
        /// Pixels of a picture that a QR code is looked for in, as one byte of grey each: what a
        /// body in memory takes.
        package static let picture = 500_000
        /// Pixels of its shorter side: the smallest code has 21 modules.
        package static let pictureSide = 21
        /// Followed authors whose progress is shown: those followed last.
        package static let authors = 200
        /// People who are suggested, and the newest posts that are looked at for them.
        package static let suggestions = 40
        package static let suggestionPosts = 400
    }

    /// Who may use the client API.
    package enum Access {
        /// Apps that are registered. Anybody may register one, so it is the table that is bounded:
        /// the oldest that nobody lets in goes for the next one.
        package static let apps = 1_000
        /// Bytes of an app's name and of its website's address. Mastodon takes 60 characters, and
        /// 2,000.
        package static let appName = 240
        package static let website = 500
        /// Addresses that one app may send people back to, and bytes of one. Guess: apps have one,
        /// or one for each system they run on.
        package static let redirects = 16
        package static let redirect = 1_000
        /// Scopes of one app or token: all that are known, and as many again.
        package static let scopes = 100
        /// Bytes of what an app wants handed back to it.
        package static let state = 4 << 10

        /// Codes that wait to be traded for a token; each has cost its maker the password.
        package static let codes = 256
        /// Seconds that a code waits: what RFC 6749 §4.1.2 recommends at most.
        package static let codeSeconds: UInt64 = 600
        /// Tokens of one account. Guess: some apps make a new one at every start. Beyond, the one
        /// that was used longest ago goes.
        package static let tokens = 256
        /// Tokens of apps alone, all together: anybody may have them, and they open nothing.
        package static let appTokens = 1_000
        /// Seconds between two notes of when a token was last used: each costs a sync of the disk.
        package static let useSeconds: UInt64 = 86_400
        /// Bytes of a token, code or secret that is looked up at all: those made here have 43.
        package static let secret = 256

        /// Letters of a password. Guess: NIST SP 800-63B wants 8, 15 where nothing else is asked.
        package static let passwordLetters = 10
        /// Bytes of the file that has its hash: half of them are used.
        package static let passwordFile = 512
        /// Words of the password that a first start makes: 66 bits.
        package static let passwordWords = 6
        /// Wrong passwords from one address, and from all, in each period.
        package static let attemptsOfAddress = 10
        package static let attempts = 60
        package static let attemptPeriod = Instant.Span.seconds(300)
        /// Addresses that are counted.
        package static let attempting = 1_024
        /// Passwords that are hashed at once: each takes 64 MiB.
        package static let hashing = 2

        /// Codes of links that let the owner's browser in, all together, and how long one is good:
        /// long enough to find the terminal again.
        package static let links = 16
        package static let linkLife = Instant.Span.seconds(900)

        /// Milliseconds in which a page that asks for the password has to be sent.
        package static let formMilliseconds: UInt64 = 600_000
        /// Pages that were sent and must not be sent again.
        package static let spentForms = 1_024
    }
}
