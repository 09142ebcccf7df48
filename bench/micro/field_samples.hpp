// The heads that the benchmarks of HPACK and QPACK encode and decode.
#pragma once

#include "fieldcode/hpack_static_table.hpp"

namespace parley::bench {

inline constexpr fieldcode::static_field browser_request[] = {
    {":method", "GET"},
    {":scheme", "https"},
    {":authority", "www.example.re:8443"},
    {":path", "/customers/42?sort=name&page=2"},
    {"sec-ch-ua", "\"Chromium\";v=\"126\", \"Not/A)Brand\";v=\"8\""},
    {"sec-ch-ua-mobile", "?0"},
    {"sec-ch-ua-platform", "\"Linux\""},
    {"upgrade-insecure-requests", "1"},
    {"user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"},
    {"accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"},
    {"sec-fetch-site", "same-origin"},
    {"sec-fetch-mode", "navigate"},
    {"sec-fetch-dest", "document"},
    {"referer", "https://www.example.re:8443/customers"},
    {"accept-encoding", "gzip, deflate, br, zstd"},
    {"accept-language", "en-GB,en;q=0.9"},
};
inline constexpr fieldcode::static_field file_response[] = {
    {":status", "200"},
    {"content-type", "text/html; charset=utf-8"},
    {"content-length", "13"},
    {"last-modified", "Mon, 23 Nov 2026 05:50:40 GMT"},
    {"etag", "\"5f3a-18c2-9d01\""},
    {"cache-control", "max-age=3600"},
    {"date", "Mon, 23 Nov 2026 06:17:41 GMT"},
    {"server", "parley"},
};

}  // namespace parley::bench
