using Gatehouse.Contracts.Audit;

namespace Gatehouse.Identity.Tests.X509;

/// <summary>What a device shows, and what its hub trusts.</summary>
internal sealed record Shown(Issued Leaf, IReadOnlyList<Issued> Sent, IReadOnlyList<Issued> Anchors);

/// <summary>One row of the table.</summary>
/// <param name="Section">RFC 5280 section, or the rule's own name.</param>
/// <param name="Name">What is special; unique.</param>
/// <param name="Build">Makes the certificates.</param>
/// <param name="Expected">Null: accepted as dev1.</param>
/// <param name="Words">Must stand in the operator's sentence, so that a case is not refused for another reason than its own.</param>
internal sealed record PathCase(string Section, string Name, Func<Shown> Build, RefusalReason? Expected = null, string Words = "")
{
    /// <summary>Root, one intermediate that is sent, a leaf for dev1; each may be changed.</summary>
    internal static PathCase Chain(
        string section,
        string name,
        RefusalReason? expected = null,
        string words = "",
        Func<Recipe, Recipe>? leaf = null,
        Func<Recipe, Recipe>? middle = null,
        Func<Recipe, Recipe>? root = null) => new(section, name, () => Three(leaf, middle, root), expected, words);

    internal static Shown Three(Func<Recipe, Recipe>? leaf = null, Func<Recipe, Recipe>? middle = null, Func<Recipe, Recipe>? root = null)
    {
        var top = Change(Recipe.Authority("Root"), root).Issue();
        var between = Change(Recipe.Authority("Middle", top), middle).Issue();
        return new Shown(Change(Recipe.Device(between), leaf).Issue(), [between], [top]);
    }

    /// <summary>Root, so many intermediates, a leaf for dev1.</summary>
    internal static Shown Deep(int intermediates, Func<int, Recipe, Recipe> change)
    {
        var root = change(0, Recipe.Authority("Root")).Issue();
        var (last, sent) = (root, new List<Issued>());
        for (var i = 1; i <= intermediates; i++)
        {
            last = change(i, Recipe.Authority($"Level {i}", last)).Issue();
            sent.Add(last);
        }

        return new Shown(Recipe.Device(last).Issue(), sent, [root]);
    }

    private static Recipe Change(Recipe recipe, Func<Recipe, Recipe>? change) => change?.Invoke(recipe) ?? recipe;
}
