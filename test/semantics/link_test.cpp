#include "semantics/link.hpp"

#include <gtest/gtest.h>

#include <string>

namespace parley::semantics {
namespace {

std::string shown_links(std::string_view value) {
  std::string text;
  for (const auto& link : parse_links(value)) {
    text += "[" + link.target + "|";
    for (const auto& relation : link.relations) text += relation + " ";
    for (const auto& p : link.parameters) text += "|" + p.name + "=" + p.value;
    text += "]";
  }
  return text;
}

// RFC 8288 §3.5 and appendix B
TEST(link, read) {
  const struct {
    std::string_view value, links;
  } rows[] = {
      {"<http://example.com/TheBook/chapter2>; rel=\"previous\"; title=\"previous chapter\"",
       "[http://example.com/TheBook/chapter2|previous |title=previous chapter]"},
      {"</>; rel=\"http://example.net/foo\"", "[/|http://example.net/foo ]"},
      {"</terms>; rel=\"copyright\"; anchor=\"#foo\"", "[/terms|copyright |anchor=#foo]"},
      {"</TheBook/chapter2>; rel=\"previous\"; title*=UTF-8'de'letztes%20Kapitel, </TheBook/chapter4>; rel=\"next\"; "
       "title*=UTF-8'de'n%c3%a4chstes%20Kapitel",
       "[/TheBook/chapter2|previous |title=letztes Kapitel][/TheBook/chapter4|next |title=n\xc3\xa4"
       "chstes Kapitel]"},
      {"<http://example.org/>; rel=\"start http://example.net/relation/other\"",
       "[http://example.org/|start http://example.net/relation/other ]"},
      {"</a>;rel=preload;as=style, </b> ; REL = Next ; crossorigin", "[/a|preload |as=style][/b|next |crossorigin=]"},
      {"</a>; rel=a; rel=b; title=1; title=2; x=1; x=2", "[/a|a |title=1|x=1|x=2]"},
      {"</a>; title=plain; title*=UTF-8''better", "[/a||title=better]"},
      {"</a>; title=plain; title*=bad", "[/a||title=plain]"},
      {"</a,b;c>; x=\"1,2;3\\\"\"", "[/a,b;c||x=1,2;3\"]"},
      {"<>", "[|]"},
      {",, </a>,", "[/a|]"},
      {"", ""},
      {"</a", ""},
      {"/a", ""},
      {"</a> x", ""},
      {"</a>, </b> x, </c>", "[/a|]"},
      {"</a>; x=\"1", "[/a||x=1]"},
      {"</a>;;", "[/a|]"},
  };
  for (const auto& row : rows) EXPECT_EQ(shown_links(row.value), row.links) << row.value;
  std::string many;
  for (std::size_t i = 0; i < max_links + 9; ++i) many += "</a>,";
  EXPECT_EQ(parse_links(many).size(), max_links);
  std::string crowded = "</a>";
  for (std::size_t i = 0; i < max_link_parameters + 1; ++i) crowded += ";x=1";
  EXPECT_EQ(parse_links(crowded).size(), 0U);
}

TEST(link, written) {
  const link_value style{"/style.css", {"preload"}, {{"as", "style"}, {"title", "a \"b\""}}};
  EXPECT_EQ(to_text(style), "</style.css>; rel=\"preload\"; as=\"style\"; title=\"a \\\"b\\\"\"");
  EXPECT_EQ(parse_links(*to_text(style)).at(0), style);
  const link_value foreign{"/x",
                           {"next", "last"},
                           {{"title",
                             "n\xc3\xa4"
                             "chstes"}}};
  EXPECT_EQ(to_text(foreign), "</x>; rel=\"next last\"; title*=UTF-8''n%C3%A4chstes");
  EXPECT_EQ(parse_links(*to_text(foreign)).at(0), foreign);
  EXPECT_TRUE(foreign.has_relation("LAST"));
  for (const link_value& bad :
       {link_value{"/a>b", {}}, link_value{"/a b", {}}, link_value{"/\xc3\xa4", {}}, link_value{"/\r\n", {}},
        link_value{"/a", {"a b"}}, link_value{"/a", {""}}, link_value{"/a", {}, {{"a b", "c"}}},
        link_value{"/a", {}, {{"a", "b\n"}}}, link_value{"/a", {}, {{"a*", "b"}}}, link_value{"/a", {}, {{"a", "\xff"}}}})
    EXPECT_FALSE(to_text(bad)) << bad.target;
}

}  // namespace
}  // namespace parley::semantics
