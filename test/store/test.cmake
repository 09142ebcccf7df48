set(LIBS SQLite::SQLite3)
