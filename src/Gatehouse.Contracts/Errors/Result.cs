using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Contracts.Errors;

/// <summary>A value, or the catalogue entry that says why there is none. Expected failures travel this way, not as exceptions.</summary>
public readonly struct Result<T>
{
    private readonly T? value;

    private Result(T? value, HubError? error)
    {
        this.value = value;
        Error = error;
    }

    public HubError? Error { get; }

    [MemberNotNullWhen(false, nameof(Error))]
    public bool IsOk => Error is null;

    /// <exception cref="InvalidOperationException">The result is an error.</exception>
    public T Value => Error is null ? value! : throw new InvalidOperationException($"The result is an error: {Error.Name}.");

    /// <summary>The value; for interfaces, which C# does not convert implicitly.</summary>
    public static Result<T> Of(T value) => new(value, null);

    public static implicit operator Result<T>(T value) => new(value, null);

    public static implicit operator Result<T>(HubError error) => new(default, error);
}
