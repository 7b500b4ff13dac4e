package directory

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"runtime"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/veranda-go/veranda"
)

func pngOf(t testing.TB, p image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPictures(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		file := pngOf(t, image.NewGray(image.Rect(0, 0, 700, 1400)))
		set, err := f.people.SetPicture(ctx, f.Stranger.Actor, SetPictureInput{}, bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		in := PictureInput{Org: f.Org, Account: f.Stranger.Account}
		picture, err := f.people.Picture(ctx, f.Owner.Actor, in)
		if err != nil || picture.ETag != set.Version {
			t.Fatalf("%+v, %v", picture, err)
		}
		config, err := jpeg.DecodeConfig(bytes.NewReader(picture.Bytes))
		if err != nil || config.Width != 256 || config.Height != 512 {
			t.Errorf("it is %d by %d, %v", config.Width, config.Height, err)
		}
		for name, by := range map[string]veranda.Actor{"guest": f.Guest.Actor, "outsider": f.Outsider.Actor, "nobody": f.Nobody.Actor} {
			if _, err := f.people.Picture(ctx, by, in); !errors.Is(err, veranda.ErrNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := f.people.SetPicture(ctx, f.Stranger.Actor, SetPictureInput{}, strings.NewReader("no")); !errors.Is(err, ErrPictureFormat) {
			t.Errorf("no picture: %v", err)
		}
		for range 2 {
			if err := f.people.RemovePicture(ctx, f.Stranger.Actor, SetPictureInput{}); err != nil {
				t.Fatal(err)
			}
		}
		f.WantEvents(t, "tenancy.picture_*", EventPictureChanged, EventPictureRemoved)
		if _, err := f.people.Picture(ctx, f.Owner.Actor, in); !errors.Is(err, veranda.ErrNotFound) {
			t.Errorf("a removed one: %v", err)
		}
	})
}

// A file of nothing but one colour is small however many pixels it has: it is refused before it takes memory.
func TestPictureBombs(t *testing.T) {
	t.Parallel()
	s := &Service{decoding: make(chan struct{}, decodingAtOnce)}
	bomb := pngOf(t, image.NewPaletted(image.Rect(0, 0, 9000, 9000), color.Palette{color.Black}))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := s.shrink(t.Context(), bomb); !errors.Is(err, ErrPicturePixels) {
		t.Errorf("81 million pixels: %v", err)
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 32<<20 {
		t.Errorf("to refuse it took %d octets", grown)
	}
	// While others are unpacked, a caller waits no longer than they want to.
	s.decoding <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.shrink(ctx, pngOf(t, image.NewGray(image.Rect(0, 0, 4, 4)))); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller who left: %v", err)
	}
	<-s.decoding
	var animated bytes.Buffer
	if err := gif.EncodeAll(&animated, &gif.GIF{Image: []*image.Paletted{image.NewPaletted(image.Rect(0, 0, 2, 2), color.Palette{color.Black})}, Delay: []int{1}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.shrink(t.Context(), animated.Bytes()); !errors.Is(err, ErrPictureFormat) {
		t.Errorf("an animation: %v", err)
	}
}

// Whatever bytes come, the answer is a picture or a refusal.
func TestBrokenPictures(t *testing.T) {
	t.Parallel()
	s := &Service{decoding: make(chan struct{}, decodingAtOnce)}
	var small bytes.Buffer
	if err := jpeg.Encode(&small, image.NewGray(image.Rect(0, 0, 20, 20)), nil); err != nil {
		t.Fatal(err)
	}
	files := [][]byte{small.Bytes(), pngOf(t, image.NewGray(image.Rect(0, 0, 20, 20)))}
	rapid.Check(t, func(t *rapid.T) {
		file := bytes.Clone(rapid.SampledFrom(files).Draw(t, "file"))
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			file[rapid.IntRange(4, len(file)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "to")
		}
		file = file[:rapid.IntRange(9, len(file)).Draw(t, "length")]
		out, err := s.shrink(context.Background(), file)
		if err == nil {
			_, err = jpeg.Decode(bytes.NewReader(out))
		}
		if err != nil && veranda.CodeOf(err) != veranda.CodeInvalid {
			t.Fatal(err)
		}
	})
}

func TestPicturesAreTurned(t *testing.T) {
	t.Parallel()
	from := image.NewRGBA(image.Rect(0, 0, 3, 2))
	from.Set(0, 0, color.White)
	for orientation, want := range map[int]image.Point{1: {0, 0}, 2: {2, 0}, 3: {2, 1}, 4: {0, 1}, 5: {0, 0}, 6: {1, 0}, 7: {1, 2}, 8: {0, 2}} {
		to := turn(from, orientation)
		if r, _, _, _ := to.At(want.X, want.Y).RGBA(); r != 0xffff {
			t.Errorf("orientation %d: the corner is not at %v of %v", orientation, want, to.Bounds())
		}
	}
	exif := []byte("\xff\xd8\xff\xe1\x00\x22Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00\xff\xda")
	if got := orientation(exif); got != 6 {
		t.Errorf("the orientation is read as %d", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		file := bytes.Clone(exif)
		file[rapid.IntRange(2, len(file)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "to")
		orientation(file[:rapid.IntRange(2, len(file)).Draw(t, "length")]) // it does not panic
		fit(image.NewGray(image.Rect(0, 0, rapid.IntRange(1, 700).Draw(t, "width"), rapid.IntRange(1, 700).Draw(t, "height"))))
	})
}
