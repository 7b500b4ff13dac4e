package directory

import (
	"bytes"
	"context"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"
)

const (
	maxPictureBytes  = 5 << 20
	maxPicturePixels = 25_000_000
	maxPictureSide   = 12_000
	// pictureSide is the longer side of a picture as it is kept, pictureQuality the quality of its JPEG.
	pictureSide    = 512
	pictureQuality = 85
	// decodingAtOnce is how many pictures are unpacked at a time: one of 25 million pixels takes up to 400 MB when it is a
	// progressive JPEG.
	decodingAtOnce = 1
)

// format is a kind of picture: how it begins, and how it is read.
type format struct {
	begins func(file []byte) bool
	config func(file []byte) (image.Config, error)
	decode func(file []byte) (image.Image, error)
}

func formats() []format {
	return []format{
		{
			begins: func(f []byte) bool { return bytes.HasPrefix(f, []byte("\xff\xd8\xff")) },
			config: func(f []byte) (image.Config, error) { return jpeg.DecodeConfig(bytes.NewReader(f)) },
			decode: func(f []byte) (image.Image, error) { return jpeg.Decode(bytes.NewReader(f)) },
		},
		{
			begins: func(f []byte) bool { return bytes.HasPrefix(f, []byte("\x89PNG\r\n\x1a\n")) },
			config: func(f []byte) (image.Config, error) { return png.DecodeConfig(bytes.NewReader(f)) },
			decode: func(f []byte) (image.Image, error) { return png.Decode(bytes.NewReader(f)) },
		},
		{
			begins: func(f []byte) bool {
				return len(f) > 16 && string(f[:4]) == "RIFF" && string(f[8:12]) == "WEBP"
			},
			config: func(f []byte) (image.Config, error) { return webp.DecodeConfig(bytes.NewReader(f)) },
			decode: func(f []byte) (image.Image, error) { return webp.Decode(bytes.NewReader(f)) },
		},
	}
}

// shrink makes a small JPEG of a file. How many pixels it has is read from its beginning, before anything is unpacked, and
// few are unpacked at once.
func (s *Service) shrink(ctx context.Context, file []byte) ([]byte, error) {
	for _, f := range formats() {
		if !f.begins(file) {
			continue
		}
		config, err := guard(func() (image.Config, error) { return f.config(file) })
		switch {
		case err != nil:
			return nil, ErrPictureBroken.Because(err)
		case config.Width < 1 || config.Height < 1:
			return nil, ErrPictureBroken
		case config.Width > maxPictureSide || config.Height > maxPictureSide || config.Width*config.Height > maxPicturePixels:
			return nil, ErrPicturePixels
		}
		select {
		case s.decoding <- struct{}{}:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		defer func() { <-s.decoding }()
		whole, err := guard(func() (image.Image, error) { return f.decode(file) })
		if err != nil {
			return nil, ErrPictureBroken.Because(err)
		}
		var out bytes.Buffer
		if err := jpeg.Encode(&out, turn(fit(whole), orientation(file)), &jpeg.Options{Quality: pictureQuality}); err != nil {
			return nil, ErrPictureBroken.Because(err)
		}
		return out.Bytes(), nil
	}
	return nil, ErrPictureFormat
}

// guard keeps a decoder that panics on a made-up file from ending the program.
func guard[T any](decode func() (T, error)) (value T, err error) {
	defer func() {
		if recover() != nil {
			err = errShrink
		}
	}()
	return decode()
}

// fit scales a picture so that its longer side is at most pictureSide, on white where it is transparent.
func fit(from image.Image) *image.RGBA {
	bounds := from.Bounds()
	width, height := bounds.Dx(), bounds.Dy()
	if longer := max(width, height); longer > pictureSide {
		width, height = max(1, width*pictureSide/longer), max(1, height*pictureSide/longer)
	}
	to := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(to, to.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.CatmullRom.Scale(to, to.Bounds(), from, bounds, draw.Over, nil)
	return to
}

// turn puts a picture upright by the orientation its camera noted (Exif 2.3, tag 274), which is not kept.
func turn(from *image.RGBA, orientation int) *image.RGBA {
	if orientation < 2 || orientation > 8 {
		return from
	}
	width, height := from.Bounds().Dx(), from.Bounds().Dy()
	size := image.Rect(0, 0, width, height)
	if orientation >= 5 {
		size = image.Rect(0, 0, height, width)
	}
	to := image.NewRGBA(size)
	for y := range height {
		for x := range width {
			tx, ty := x, y
			switch orientation {
			case 2:
				tx = width - 1 - x
			case 3:
				tx, ty = width-1-x, height-1-y
			case 4:
				ty = height - 1 - y
			case 5:
				tx, ty = y, x
			case 6:
				tx, ty = height-1-y, x
			case 7:
				tx, ty = height-1-y, width-1-x
			case 8:
				tx, ty = y, width-1-x
			}
			to.SetRGBA(tx, ty, from.RGBAAt(x, y))
		}
	}
	return to
}

// orientation reads how a JPEG is to be turned, 1 where it does not say so in a way this understands.
func orientation(file []byte) int {
	if !bytes.HasPrefix(file, []byte("\xff\xd8")) {
		return 1
	}
	for at := 2; at+4 <= len(file) && file[at] == 0xff; {
		marker, size := file[at+1], int(binary.BigEndian.Uint16(file[at+2:]))
		if marker == 0xda || size < 2 || at+2+size > len(file) {
			return 1
		}
		if content := file[at+4 : at+2+size]; marker == 0xe1 && bytes.HasPrefix(content, []byte("Exif\x00\x00")) {
			return orientationOf(content[6:])
		}
		at += 2 + size
	}
	return 1
}

// orientationOf reads it from the first directory of a TIFF structure.
func orientationOf(tiff []byte) int {
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	if tiff[0] == 'I' {
		order = binary.LittleEndian
	}
	start := int64(order.Uint32(tiff[4:]))
	if start+2 > int64(len(tiff)) {
		return 1
	}
	for i := range int64(order.Uint16(tiff[start:])) {
		at := start + 2 + 12*i
		if at+12 > int64(len(tiff)) {
			return 1
		}
		if order.Uint16(tiff[at:]) == 274 {
			return int(order.Uint16(tiff[at+8:]))
		}
	}
	return 1
}
