package logging

import (
	"slices"
	"strings"

	"go.uber.org/zap/buffer"
	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/internal/fields"
	"github.com/fxhost/fxhost/internal/printable"
)

// layout is how a format for people, or for the journal, lays a record out.
type layout struct {
	head      func(b *buffer.Buffer, e zapcore.Entry) // what comes before the message
	separator string                                  // of caller, message and fields
	padding   string                                  // of the lines below the first
	oneLine   bool                                    // there are none
}

// textEncoder writes the fields as JSON behind the message, but for error and
// stack: JSON makes one long line of them, so they are put verbatim on lines of
// their own.
type textEncoder struct {
	zapcore.Encoder // of caller, message and other fields
	layout          layout
	pool            buffer.Pool
	blocks          []string
}

func newTextEncoder(l layout) *textEncoder {
	c := encoderConfig()
	c.ConsoleSeparator = l.separator
	c.EncodeTime = zapcore.TimeEncoderOfLayout(milliseconds) // of fields
	return &textEncoder{Encoder: zapcore.NewConsoleEncoder(c), layout: l, pool: buffer.NewPool()}
}

func isBlock(key string) bool { return key == fields.Error || key == fields.Stack }

func (e *textEncoder) Clone() zapcore.Encoder {
	c := *e
	c.Encoder, c.blocks = e.Encoder.Clone(), slices.Clip(e.blocks)
	return &c
}

// AddString is what zap.Error, zap.String and With come down to.
func (e *textEncoder) AddString(key, value string) {
	switch {
	case isBlock(key) && value != "":
		e.blocks = append(e.blocks, value)
	case key == fields.Error+"Verbose": // %+v of the error: the stack trace of some libraries
	default:
		e.Encoder.AddString(key, value)
	}
}

// AddArray leaves out the parts of a joined error; its text has them all.
func (e *textEncoder) AddArray(key string, values zapcore.ArrayMarshaler) error {
	if key == fields.Error+"Causes" {
		return nil
	}
	return e.Encoder.AddArray(key, values)
}

func (e *textEncoder) EncodeEntry(entry zapcore.Entry, extra []zapcore.Field) (*buffer.Buffer, error) {
	if slices.ContainsFunc(extra, func(f zapcore.Field) bool { return isBlock(f.Key) }) {
		clone := e.Clone()
		for _, f := range extra {
			f.AddTo(clone)
		}
		return clone.EncodeEntry(entry, nil)
	}
	blocks := e.blocks
	if entry.Stack != "" {
		blocks = append(slices.Clip(blocks), entry.Stack)
	}
	body, err := e.Encoder.EncodeEntry(zapcore.Entry{Message: e.message(entry.Message), Caller: entry.Caller}, extra)
	if err != nil {
		return nil, err
	}
	defer body.Free()
	line := e.pool.Get()
	e.layout.head(line, entry)
	body.TrimNewline()
	if isPlain(body.Bytes()) {
		_, _ = line.Write(body.Bytes()) // a buffer takes all
	} else {
		line.AppendString(printable.Lines(body.String()))
	}
	for _, block := range blocks {
		e.add(line, block)
	}
	line.AppendString(zapcore.DefaultLineEnding)
	return line, nil
}

// message keeps a record together: its lines are padded, or made one.
func (e *textEncoder) message(text string) string {
	if !strings.ContainsAny(text, "\r\n") {
		return text
	}
	if e.layout.padding != twoLinePadding {
		return joinLines(text)
	}
	return strings.Join(slices.Collect(lines(text)), zapcore.DefaultLineEnding+e.layout.padding)
}

// add adds an error or a stack.
func (e *textEncoder) add(line *buffer.Buffer, block string) {
	if e.layout.oneLine {
		line.AppendString(e.layout.separator)
		line.AppendString(printable.Lines(joinLines(block)))
		return
	}
	for text := range lines(printable.Lines(strings.ReplaceAll(block, "\r\n", "\n"))) {
		line.AppendString(zapcore.DefaultLineEnding)
		line.AppendString(e.layout.padding)
		line.AppendString(text)
	}
}

// isPlain tells most texts that need no escape, without a copy.
func isPlain(text []byte) bool {
	for _, c := range text {
		if (c < ' ' || c >= 0x7f) && c != '\t' && c != '\n' {
			return false
		}
	}
	return true
}
