# The tests bring about what our encoders never write.
set(LIBS ZLIB::ZLIB ${PARLEY_CODING_LIBS})
