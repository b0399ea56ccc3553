namespace Gatehouse.Hub.Registry;

/// <summary>Reads <c>importMode</c>.</summary>
public static class ImportModes
{
    /// <summary>Any case; absent means createOrUpdate.</summary>
    public static bool TryRead(string? word, out ImportMode mode)
    {
        mode = ImportMode.CreateOrUpdate;
        return string.IsNullOrEmpty(word) || (char.IsAsciiLetter(word[0]) && !word.Contains(',', StringComparison.Ordinal) && Enum.TryParse(word, ignoreCase: true, out mode));
    }
}
