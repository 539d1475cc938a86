/// The tables of the feed: what is asked of entries often, each row out of one entry alone.
///
/// So it does not matter in which order entries come, or how often: a feed that grew with its store
/// and one that was made at once are the same. Whatever depends on several entries (whose log it
/// is, the latest word on a reaction, which version of a note counts) is worked out when asked.
///
/// Texts come to the full-text index behind the rows, since that takes longer: `wordless` are the
/// rows whose texts it lacks. It cannot forget a text that is gone; so the rows of bodies that the
/// store dropped go (`pruned` says up to where), and when half of the index is of such rows it is
/// filled anew (`state`: how many rows it has, how many of them are gone, how far it was refilled).
enum FeedSchema {
    /// "STRF".
    static let application: Int64 = 0x5354_5246
    /// Raised with every change: a feed of another version is made anew.
    static let version: Int64 = 4

    static let tables = """
        CREATE TABLE acts(
            id INTEGER PRIMARY KEY,
            log INTEGER NOT NULL,
            idx INTEGER NOT NULL,
            ref INTEGER NOT NULL,
            kind INTEGER NOT NULL,
            flags INTEGER NOT NULL,
            parent INTEGER,
            root INTEGER,
            target INTEGER,
            word TEXT);
        CREATE INDEX acts_log ON acts(log, id) WHERE kind <= 1;
        CREATE INDEX acts_said ON acts(log, kind, id) WHERE kind > 1;
        CREATE INDEX acts_parent ON acts(parent, id) WHERE parent IS NOT NULL;
        CREATE INDEX acts_root ON acts(root, id) WHERE root IS NOT NULL;
        CREATE INDEX acts_target ON acts(target, kind, id) WHERE target IS NOT NULL;
        CREATE TABLE tags(
            tag TEXT NOT NULL,
            id INTEGER NOT NULL,
            PRIMARY KEY(tag, id)) WITHOUT ROWID;
        CREATE TABLE about(
            account INTEGER NOT NULL,
            id INTEGER NOT NULL,
            PRIMARY KEY(account, id)) WITHOUT ROWID;
        CREATE VIRTUAL TABLE words USING fts5(
            text, content = '', columnsize = 0, detail = 'full',
            tokenize = 'unicode61 remove_diacritics 2');
        CREATE TABLE done(
            log INTEGER PRIMARY KEY,
            entries INTEGER NOT NULL,
            pruned INTEGER NOT NULL DEFAULT 0);
        CREATE TABLE wordless(id INTEGER PRIMARY KEY);
        CREATE TABLE state(
            name TEXT PRIMARY KEY,
            value INTEGER NOT NULL) WITHOUT ROWID;
        """
}
