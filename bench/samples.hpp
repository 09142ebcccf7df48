// Messages that benchmarks share.
#pragma once

#include <string_view>

namespace parley::bench {

// What Chrome 131 sends for a page: 600 bytes, 13 fields.
inline constexpr std::string_view browser_head =
    "GET /customers/active?page=12&sort=name HTTP/1.1\r\n"
    "Host: www.example.re:8080\r\n"
    "Connection: keep-alive\r\n"
    "sec-ch-ua: \"Google Chrome\";v=\"131\", \"Chromium\";v=\"131\", \"Not_A Brand\";v=\"24\"\r\n"
    "sec-ch-ua-mobile: ?0\r\n"
    "sec-ch-ua-platform: \"Linux\"\r\n"
    "Upgrade-Insecure-Requests: 1\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "Sec-Fetch-Site: same-origin\r\n"
    "Sec-Fetch-Mode: navigate\r\n"
    "Sec-Fetch-Dest: document\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Accept-Language: en-GB,en;q=0.9\r\n"
    "\r\n";
static_assert(browser_head.size() == 600);

// What wrk and h2load send.
inline constexpr std::string_view small_head =
    "GET /small.txt HTTP/1.1\r\n"
    "Host: 127.0.0.1:8080\r\n"
    "\r\n";

}  // namespace parley::bench
