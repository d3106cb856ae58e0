package queue

import "encoding/json"

// Codec encodes and decodes messages. It must be safe for concurrent use.
type Codec interface {
	// ContentType is sent with each message. A message that arrives with another
	// content type becomes a dead letter.
	ContentType() string
	// Marshal encodes a message.
	Marshal(message any) ([]byte, error)
	// Unmarshal decodes body into message, which is a pointer.
	Unmarshal(body []byte, message any) error
}

// jsonCodec is the Codec of encoding/json, the default.
type jsonCodec struct{}

func (jsonCodec) ContentType() string                      { return "application/json" }
func (jsonCodec) Marshal(message any) ([]byte, error)      { return json.Marshal(message) }
func (jsonCodec) Unmarshal(body []byte, message any) error { return json.Unmarshal(body, message) }
