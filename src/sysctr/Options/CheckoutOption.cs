// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Checkout;

namespace SystemContainers.Cli.Options;

/// <summary><c>--checkout FORM</c>.</summary>
static class CheckoutOption
{
    public static Option<CheckoutWord?> Create(string description) =>
        new("--checkout") { Description = description, HelpName = "FORM" };

    /// <summary>The form that was asked for; null where none was, and for auto, which is the host's to say.</summary>
    public static CheckoutForm? Form(CheckoutWord? word) =>
        word switch
        {
            CheckoutWord.Composefs => CheckoutForm.Composefs,
            CheckoutWord.HardLinks => CheckoutForm.HardLinks,
            _ => null,
        };
}
