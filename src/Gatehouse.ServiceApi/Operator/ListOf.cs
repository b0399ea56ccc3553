namespace Gatehouse.ServiceApi.Operator;

/// <summary>How lists are answered: <c>{"value":[…]}</c>, as the management APIs do.</summary>
internal sealed record ListOf<T>(IReadOnlyList<T> Value);
