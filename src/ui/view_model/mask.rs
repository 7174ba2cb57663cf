//! stub, to be replaced
