namespace Gatehouse.Hub.Events;

/// <summary>A named view of a hub's events; readers of different groups do not count against each other.</summary>
/// <param name="Name"><c>$Default</c>, or 1–50 characters, letters, digits, <c>- _ .</c>.</param>
/// <param name="Created">Null for <c>$Default</c>, which every hub is born with.</param>
public sealed record ConsumerGroup(string Name, DateTimeOffset? Created)
{
    /// <summary>In every hub; cannot be deleted.</summary>
    public const string DefaultName = "$Default";

    internal static ConsumerGroup Default { get; } = new(DefaultName, null);
}
