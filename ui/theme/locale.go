package theme

import (
	"slices"
	"strings"
)

// ASCII decides from the locale whether only ASCII may be drawn: where it is
// not UTF-8, and where it draws characters of ambiguous width in two cells.
// The locale is the first of LC_ALL, LC_CTYPE and LANG that is set.
func ASCII(env func(string) string) bool {
	var locale string
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale = strings.ToLower(env(name)); locale != "" {
			break
		}
	}
	if !strings.Contains(strings.ReplaceAll(locale, "-", ""), "utf8") {
		return true
	}
	language, _, _ := strings.Cut(locale, "_")
	return slices.Contains([]string{"ja", "ko", "zh"}, language) && !strings.HasSuffix(locale, "@cjk_narrow")
}
