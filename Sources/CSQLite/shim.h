#include <sqlite3.h>

/* sqlite3_db_config is variadic, and Swift cannot call it: the one form Starling needs. */
static inline int starling_sqlite3_db_config_flag(sqlite3 *db, int option, int on) {
    return sqlite3_db_config(db, option, on, (int *)0);
}

/* SQLITE_TRANSIENT is a cast that Swift cannot import: binds a copy of the bytes. */
static inline int starling_sqlite3_bind_copy(
    sqlite3_stmt *statement, int column, const void *bytes, int count) {
    return sqlite3_bind_blob(statement, column, bytes, count, SQLITE_TRANSIENT);
}

static inline int starling_sqlite3_bind_text_copy(
    sqlite3_stmt *statement, int column, const char *text) {
    return sqlite3_bind_text(statement, column, text, -1, SQLITE_TRANSIENT);
}
