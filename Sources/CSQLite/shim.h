#include <sqlite3.h>

/* sqlite3_db_config is variadic, and Swift cannot call it: the one form Starling needs. */
static inline int starling_sqlite3_db_config_flag(sqlite3 *db, int option, int on) {
    return sqlite3_db_config(db, option, on, (int *)0);
}
