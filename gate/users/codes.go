package users

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"strings"
)

// codeAlphabet has no letter or digit that looks like another, and no vowel: no
// code is a word. 27 signs of it, 8 times, are 38 bits: enough for an hour with
// a handful of guesses.
const (
	codeAlphabet = "23456789BCDFGHJKMNPQRSTVWXZ"
	codeLength   = 8
)

// NewCode makes a code for people to read and type: XXXX-XXXX.
func NewCode() string {
	code := make([]byte, 0, codeLength+1)
	for b := make([]byte, 1); len(code) < codeLength+1; {
		if len(code) == codeLength/2 {
			code = append(code, '-')
		}
		rand.Read(b)
		// What does not divide evenly is thrown again, so that each sign is as likely.
		if n := len(codeAlphabet); int(b[0]) < 256/n*n {
			code = append(code, codeAlphabet[int(b[0])%n])
		}
	}
	return string(code)
}

// CleanCode gives a code as it was made from what somebody typed: in any case,
// with or without its dash. It reports false for what is no code.
func CleanCode(typed string) (string, bool) {
	code := strings.ToUpper(strings.ReplaceAll(typed, "-", ""))
	if len(code) != codeLength || strings.Trim(code, codeAlphabet) != "" {
		return "", false
	}
	return code[:codeLength/2] + "-" + code[codeLength/2:], true
}

// HashCode is what is kept of a code. key is the installation's own: the hashes
// of all codes cannot be made beforehand.
func HashCode(key []byte, code string) [32]byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(code))
	return [32]byte(h.Sum(nil))
}

// SameHash compares in constant time.
func SameHash(a, b [32]byte) bool { return subtle.ConstantTimeCompare(a[:], b[:]) == 1 }

const (
	tokenPrefix = "parachute_"
	tokenBytes  = 32
)

var tokenEncoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// NewSecret makes the text of an API token with an id: whoever has it comes in
// as the token's person.
func NewSecret(id string) string {
	secret := make([]byte, tokenBytes)
	rand.Read(secret)
	return tokenPrefix + id + "_" + strings.ToLower(tokenEncoding.EncodeToString(secret))
}

// SplitSecret gives the id and the digest of a token's text. The secret has 256
// bits, so that the plain digest tells nothing.
func SplitSecret(text string) (id string, hash [32]byte, err error) {
	rest, ok := strings.CutPrefix(text, tokenPrefix)
	id, secret, split := strings.Cut(rest, "_")
	if !ok || !split || id == "" || len(id) > 64 || len(secret) != tokenEncoding.EncodedLen(tokenBytes) {
		return "", hash, fmt.Errorf("a token looks like %sID_SECRET", tokenPrefix)
	}
	return id, sha256.Sum256([]byte(secret)), nil
}
