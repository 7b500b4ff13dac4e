// Package wordset is a set of words that takes little room: hashes of the words, sorted, and their distances in
// Golomb-Rice code (S. W. Golomb, "Run-length encodings", 1966; R. F. Rice, 1979; as a set: F. Putze, P. Sanders,
// J. Singler, "Cache-, Hash- and Space-Efficient Bloom Filters", 2007). A word costs 22 bits. Of words that are not in the
// set, one in a million is taken for one that is.
package wordset

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math/bits"
	"slices"
)

// A set begins with the number of its words, in four octets; what follows are the distances.
const (
	header = 4
	// rice is the number of low bits of a distance; with as many bits a word that is not in the set hits one by chance once in 2^rice.
	rice = 20
)

// Set is a set of words as Encode makes it. Using one needs no memory beside it.
type Set struct {
	data  []byte
	count uint64
}

// Open gives the set that was encoded.
func Open(data []byte) (Set, error) {
	if len(data) < header {
		return Set{}, errors.New("wordset: there is no set")
	}
	return Set{data: data[header:], count: uint64(binary.BigEndian.Uint32(data))}, nil
}

// Len is how many words there are.
func (s Set) Len() int { return int(s.count) }

// place is where a word stands among count words: its hash, spread over a range of count times 2^rice.
func place(word string, count uint64) uint64 {
	sum := sha256.Sum256([]byte(word))
	high, _ := bits.Mul64(binary.BigEndian.Uint64(sum[:]), count<<rice)
	return high
}

// Has tells whether one of the words is in the set, in one pass over it.
func (s Set) Has(words ...string) bool {
	wanted := make([]uint64, len(words))
	for i, word := range words {
		wanted[i] = place(word, s.count)
	}
	slices.Sort(wanted)
	r, at := reader{data: s.data}, uint64(0)
	for range s.count {
		at += r.distance()
		for len(wanted) > 0 && wanted[0] < at {
			wanted = wanted[1:]
		}
		if len(wanted) == 0 {
			return false
		}
		if wanted[0] == at {
			return true
		}
	}
	return false
}

// Encode makes a set of words; it does not matter how often and in which order they come.
func Encode(words []string) []byte {
	words = slices.Compact(slices.Sorted(slices.Values(words)))
	count := uint64(len(words))
	places := make([]uint64, len(words))
	for i, word := range words {
		places[i] = place(word, count)
	}
	slices.Sort(places)
	w := writer{data: binary.BigEndian.AppendUint32(nil, uint32(count))}
	last := uint64(0)
	for _, p := range places {
		w.distance(p - last)
		last = p
	}
	return w.data
}

// reader reads distances: as many ones as the high part says, a zero, and the low bits.
type reader struct {
	data   []byte
	buffer uint64 // the next bits, the first one highest
	have   int
}

func (r *reader) fill() {
	if len(r.data) >= 8 {
		// Bits beyond those counted are the right ones already, and are put there again.
		r.buffer |= binary.BigEndian.Uint64(r.data) >> r.have
		octets := (64 - r.have) / 8
		r.data = r.data[octets:]
		r.have += 8 * octets
		return
	}
	for r.have <= 56 && len(r.data) > 0 {
		r.buffer |= uint64(r.data[0]) << (56 - r.have)
		r.data = r.data[1:]
		r.have += 8
	}
}

func (r *reader) distance() uint64 {
	high := uint64(0)
	for {
		r.fill()
		ones := min(bits.LeadingZeros64(^r.buffer), r.have)
		high += uint64(ones)
		r.drop(ones)
		if r.have > 0 || len(r.data) == 0 {
			break
		}
	}
	r.drop(1)
	r.fill()
	low := r.buffer >> (64 - rice)
	r.drop(rice)
	return high<<rice | low
}

func (r *reader) drop(n int) {
	r.buffer <<= n
	r.have = max(r.have-n, 0)
}

// writer writes what reader reads.
type writer struct {
	data []byte
	used int // bits of the last octet
}

func (w *writer) bit(one bool) {
	if w.used%8 == 0 {
		w.data = append(w.data, 0)
		w.used = 0
	}
	if one {
		w.data[len(w.data)-1] |= 0x80 >> w.used
	}
	w.used++
}

func (w *writer) distance(d uint64) {
	for range d >> rice {
		w.bit(true)
	}
	w.bit(false)
	for i := rice - 1; i >= 0; i-- {
		w.bit(d>>i&1 == 1)
	}
}
