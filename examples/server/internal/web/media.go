package web

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

var (
	mediaJSON   = []byte("application/json")
	mediaPrefix = []byte("application/")
	mediaSuffix = []byte("+json")
)

// isJSON tells whether a content type is JSON: application/json or application/…+json (RFC 6839). A form of a browser
// can send neither.
func isJSON(contentType []byte) bool {
	if i := bytes.IndexByte(contentType, ';'); i >= 0 {
		contentType = contentType[:i]
	}
	contentType = bytes.TrimSpace(contentType)
	if bytes.EqualFold(contentType, mediaJSON) {
		return true
	}
	return len(contentType) > len(mediaPrefix)+len(mediaSuffix) &&
		bytes.EqualFold(contentType[:len(mediaPrefix)], mediaPrefix) &&
		bytes.EqualFold(contentType[len(contentType)-len(mediaSuffix):], mediaSuffix)
}

// validJSON tells whether a body is JSON in UTF-8 (RFC 8259, section 8.1); Go's decoder would replace other bytes.
func validJSON(body []byte) bool { return utf8.Valid(body) && json.Valid(body) }
