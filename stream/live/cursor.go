package live

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/veranda-go/veranda"
)

// A cursor is a position in the log, in base 36, and a mark of whose stream it is of. The mark is no secret: it tells
// cursors apart, so that one of another person's stream, or of the same person's with another filter, is refused clearly
// in place of leaving something out. A forged cursor shows no more than what its bearer may see anyway.
const cursorMark = 6 // octets

// markOf is the mark of a stream: of an account, and of the organization it is narrowed to.
func markOf(account veranda.AccountID, org veranda.OrgID) string {
	sum := sha256.Sum256([]byte("live " + account.String() + " " + org.String()))
	return hex.EncodeToString(sum[:cursorMark])
}

// encodeCursor writes a cursor.
func encodeCursor(position int64, mark string) string {
	return strconv.FormatInt(position, 36) + "." + mark
}

// decodeCursor reads one; ok tells whether it is one.
func decodeCursor(text string) (position int64, mark string, ok bool) {
	digits, mark, found := strings.Cut(text, ".")
	position, err := strconv.ParseInt(digits, 36, 64)
	if !found || err != nil || position < 0 || len(mark) != 2*cursorMark || strconv.FormatInt(position, 36) != digits {
		return 0, "", false
	}
	if _, err := hex.DecodeString(mark); err != nil || strings.ToLower(mark) != mark {
		return 0, "", false
	}
	return position, mark, true
}
