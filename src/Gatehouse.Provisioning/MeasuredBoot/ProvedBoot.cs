namespace Gatehouse.Provisioning.MeasuredBoot;

/// <summary>A quote that is good: fresh, of the enrolled TPM, and of the values that the policy wants.</summary>
/// <param name="Policy">Of the enrollment.</param>
/// <param name="Round">That of the registration when it was judged; used up by it.</param>
/// <param name="Values">What the registers hold.</param>
/// <param name="State">What is kept of it.</param>
internal sealed record ProvedBoot(MeasuredBootPolicy Policy, string Round, IReadOnlyDictionary<string, string> Values, BootState State);

/// <summary>A quote that is fresh and of the enrolled TPM, and says that its device has booted something else.</summary>
/// <param name="Registers">Those that differ, from the lowest on.</param>
internal sealed record ChangedBoot(IReadOnlyList<ChangedRegister> Registers)
{
    private const int MostTold = 4;

    /// <summary>For where there is little room.</summary>
    internal string Summary => $"PCR {string.Join(", ", Registers.Select(each => each.Register))} changed";

    internal string Detail =>
        string.Join(", ", Registers.Take(MostTold).Select(each => $"PCR {each.Register} is {each.Now} and should be {each.Wanted}"))
        + (Registers.Count > MostTold ? $", and {Registers.Count - MostTold} more differ" : "");
}

/// <param name="Register">Its number.</param>
/// <param name="Wanted">Value of the policy, hexadecimal.</param>
/// <param name="Now">What it holds.</param>
internal sealed record ChangedRegister(string Register, string Wanted, string Now);
