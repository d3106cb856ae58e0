package queue

import "encoding/json"

// Codec makes bytes of messages and messages of bytes. Safe for concurrent use.
type Codec interface {
	// ContentType is sent with each message. One that comes with another is a dead
	// letter.
	ContentType() string
	Marshal(message any) ([]byte, error)
	// Unmarshal gets a pointer to a message.
	Unmarshal(body []byte, message any) error
}

// JSON is the [Codec] of encoding/json.
const JSON jsonCodec = 0

type jsonCodec byte

func (jsonCodec) ContentType() string                      { return "application/json" }
func (jsonCodec) Marshal(message any) ([]byte, error)      { return json.Marshal(message) }
func (jsonCodec) Unmarshal(body []byte, message any) error { return json.Unmarshal(body, message) }
