namespace Gatehouse.Identity.X509;

/// <summary>Constraints gathered from the anchor downwards, and the names of each certificate below held against them. RFC 5280 §6.1.3 (b), (c).</summary>
internal sealed class NameConstraintState(int maxComparisons)
{
    private const string TooMany = "cannot be judged by so many name constraints";

    private readonly List<NameConstraints> gathered = [];
    private int comparisons;

    internal void Add(NameConstraints constraints) => gathered.Add(constraints);

    /// <returns>What is wrong; null when all names are allowed.</returns>
    internal string? Fault(ParsedCertificate certificate)
    {
        foreach (var constraints in gathered)
        {
            foreach (var name in certificate.ConstrainedNames)
            {
                if (Fault(name, constraints) is { } fault)
                {
                    return fault;
                }
            }
        }

        return null;
    }

    private string? Fault(GeneralName name, NameConstraints constraints)
    {
        foreach (var excluded in constraints.Excluded)
        {
            if (IsBeyondBound())
            {
                return Words(name, TooMany);
            }

            if (excluded.Form == name.Form && NameForms.IsWithin(name, excluded, isExcluded: true) is not false)
            {
                return Words(name, "is excluded by the name constraints of its issuers, or cannot be judged by them");
            }
        }

        var isConstrained = false;
        foreach (var permitted in constraints.Permitted)
        {
            if (IsBeyondBound())
            {
                return Words(name, TooMany);
            }

            if (permitted.Form != name.Form)
            {
                continue;
            }

            isConstrained = true;
            switch (NameForms.IsWithin(name, permitted, isExcluded: false))
            {
                case true:
                    return null;
                case null:
                    return Words(name, "cannot be judged by the name constraints of its issuers");
            }
        }

        return isConstrained ? Words(name, "is not permitted by the name constraints of its issuers") : null;
    }

    // The product of names and constraints is what makes a bomb, whatever their forms: beyond the bound nothing can be judged.
    private bool IsBeyondBound() => ++comparisons > maxComparisons;

    private static string Words(GeneralName name, string what) =>
        $"its {name.Form} name {(name.Text.Length > 0 ? Refuse.Quote(name.Text) + " " : "")}{what} (RFC 5280 §4.2.1.10)";
}
