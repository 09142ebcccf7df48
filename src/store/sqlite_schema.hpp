// The tables of our databases, and the file that holds them.
#pragma once

#include "store/sqlite_connection.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace parley::store {

/// In the file's user_version.
inline constexpr int schema_version = 1;
/// In the file's application_id: "Prly".
inline constexpr int application_id = 0x50726c79;

/// What a table is made of.
struct table_definition {
  std::string columns;               // what follows the name in CREATE TABLE
  std::vector<std::string> indexes;  // columns of each
};
/// A collection's: ids and documents.
[[nodiscard]] table_definition record_table();

/// The table of a collection. Throws `std::invalid_argument` when the name is none.
[[nodiscard]] std::string table_of(std::string_view collection, std::string_view prefix = "records_");

/// Makes the path absolute, so that neither a changed working folder nor SQLite's own names (`:memory:`, `file:`) matter.
[[nodiscard]] std::string absolute_path(const std::string& file);

/// Makes the file, empty and for this user alone, and the folders that it lacks; all of it is on the disk when this returns.
void prepare_file(const std::string& file);

/// Checks that the file is a database of ours, of this version or still empty, and makes the table if it lacks it.
void make_table(connection& on, const std::string& table, const table_definition& what = record_table());

/// Checks that the file is a database of ours with that table: one that has come back after an error must not be made anew.
void check_table(connection& on, const std::string& table);

}  // namespace parley::store
