package vault

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxPath    = 1024 // bytes of a whole path
	maxName    = 200  // bytes of one name, below the 255 of common file systems
	maxDepth   = 8    // names in one path
	defaultExt = ".md"
)

// Clean brings the name of a note to the one form that is decided upon and
// opened, or says what is wrong with it. A name without an extension gets ".md".
// It looks at the text alone, never at the file system, and Clean of what Clean
// returned is that same name.
func Clean(name string) (string, error) {
	name, err := cleanPath(name)
	if err != nil {
		return "", err
	}
	switch ext := extension(name); strings.ToLower(ext) {
	case defaultExt, ".txt":
	case "":
		name += defaultExt
	default:
		return "", problem(ErrName, "Notes end in .md or .txt, and %q ends in %q. Use %q, say.",
			display(name), ext, display(name)+defaultExt)
	}
	if len(path.Base(name)) > maxName {
		return "", tooLong()
	}
	return name, nil
}

// CleanFolder does for the name of a folder what [Clean] does for a note's. The
// whole vault is the empty name.
func CleanFolder(name string) (string, error) {
	name = strings.TrimSuffix(strings.TrimSpace(name), "/")
	if name == "" {
		return "", nil
	}
	return cleanPath(name)
}

func cleanPath(name string) (string, error) {
	if len(name) > maxPath {
		return "", tooLong()
	}
	if err := checkRunes(name); err != nil {
		return "", err
	}
	name = strings.Trim(name, " ")
	if name == "" {
		return "", problem(ErrName, "The name is empty. Give the note a name, such as \"shopping\".")
	}
	if strings.HasPrefix(name, "/") {
		return "", problem(ErrName, "Names start inside your notes, not with \"/\". Leave the first \"/\" out.")
	}
	parts := strings.Split(name, "/")
	if len(parts) > maxDepth {
		return "", problem(ErrName, "That is more than %d folders deep. Use fewer folders.", maxDepth-1)
	}
	for _, part := range parts {
		if err := checkPart(part); err != nil {
			return "", err
		}
	}
	return name, nil
}

// checkRunes refuses what cannot be seen or would read differently elsewhere:
// control and format characters, other spaces than the common one, backslashes
// and colons (which name drives and streams on Windows).
func checkRunes(name string) error {
	if !utf8.ValidString(name) {
		return problem(ErrName, "The name holds bytes that are not text. Type it anew.")
	}
	for _, r := range name {
		switch {
		case r == '\\':
			return problem(ErrName, "The name holds a backslash. Write folders with \"/\", as in \"projects/garden\".")
		case r == ':':
			return problem(ErrName, "The name holds a colon, which a name cannot. Use a dash instead.")
		case unicode.IsControl(r):
			return problem(ErrName, "The name holds a line break or a control character. Type it anew on one line.")
		case r == ' ':
		case unicode.IsSpace(r), unicode.In(r, unicode.C, unicode.Z), r == unicode.ReplacementChar:
			return problem(ErrName, "The name holds an invisible or unusual character (U+%04X). Type it anew.", r)
		}
	}
	return nil
}

func checkPart(part string) error {
	switch {
	case part == "":
		return problem(ErrName, "The name has an empty part: two \"/\" side by side, or one at the end. Leave it out.")
	case part == "." || part == "..":
		return problem(ErrName, "The name holds %q, and notes stay in their own folder. Leave it out.", part)
	case strings.HasPrefix(part, "."):
		return problem(ErrName, "Names that start with a dot are hidden, and hidden files are never touched. Leave the dot out.")
	case strings.HasPrefix(part, " "), strings.HasSuffix(part, " "):
		return problem(ErrName, "A part of the name starts or ends with a space. Leave the space out.")
	case strings.HasSuffix(part, "."):
		return problem(ErrName, "A part of the name ends with a dot. Leave the dot out.")
	case len(part) > maxName:
		return tooLong()
	}
	return nil
}

func tooLong() error {
	return problem(ErrName, "The name is too long: at most %d bytes each for a note or a folder. Use a shorter one.", maxName)
}

// extension is what follows the last dot where that looks like a file type:
// letters and digits, at least one letter, at most eight. "Meeting 3.4" has none.
func extension(name string) string {
	ext := path.Ext(name)
	if len(ext) < 2 || len(ext) > 9 {
		return ""
	}
	letter := false
	for _, r := range ext[1:] {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
			letter = true
		case r < '0' || r > '9':
			return ""
		}
	}
	if !letter {
		return ""
	}
	return ext
}

// usable tells whether an entry of a folder may be shown: a name that Clean
// would not change is the only one that can be asked for afterwards.
func usable(name string) bool {
	clean, err := Clean(name)
	return err == nil && clean == name
}
