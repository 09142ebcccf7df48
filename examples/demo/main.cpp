// The demo as a program of its own:  demo [URL] [FOLDER]      (`parley demo` runs the same with more options)
#include "demo.hpp"

#include <exception>
#include <iostream>

int main(int argc, char** argv) try {
  parley::server app;
  demo::install(app, demo::options().data(argc > 2 ? argv[2] : "demo-data"));
  app.listen(argc > 1 ? argv[1] : "http://127.0.0.1:8080");
  for (const std::string& url : app.addresses()) std::cerr << "open " << url << "/\n";
  return app.run();
} catch (const std::exception& error) {
  std::cerr << "demo: " << error.what() << '\n';
  return 1;
}
